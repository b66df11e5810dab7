#pragma once

namespace dklb::domain {

/// A valid configuration file in which no key has its default.
inline constexpr const char* changed_everywhere = R"(clusterName: prod/k8s
edgelb:
  url: https://edgelb.example.com:8443/service/edgelb
  bearerTokenFile: /token
  serviceAccountFile: /account.json
  caFile: /ca.crt
  insecureSkipTlsVerify: true
  poolGroup: other/pools
  publishLocalAddresses: true
kubernetes: {kubeconfig: /kubeconfig, qps: 20.5, burst: 40, claimUnclassed: false, loadBalancerClass: example.com/lb}
pools: {defaultSize: 2, backendMode: nodes}
services: {publish: public, ipMode: VIP, otherProtocols: skip}
concurrency:
  schedulerThreads: 2
  schedulerThroughput: 100
  edgelbInFlight: 4
  kubernetesInFlight: 8
  poolWriteGap: 0
  mailboxLimit: 50
  resyncPeriod: 30s
  poll: {min: 2s, max: 1m}
  retry: {base: 1s, max: 1m, edgelbTimeout: 5s, kubernetesTimeout: 6s}
  supervisor: {maxRestarts: 3, window: 30s}
leaderElection: {enabled: false, leaseName: my.lease, leaseNamespace: dklb, leaseDuration: 60s, renewDeadline: 40s, retryPeriod: 5s}
http: {listen: "[::1]:0", allowedHosts: [dklb.example.com, "dklb"]}
webhook: {enabled: true, listen: "localhost:9443", certFile: /tls.crt, keyFile: /tls.key, failurePolicy: Fail, register: true, caFile: /ca, name: other, url: "https://host:9443"}
orphans: {mode: report}
log: {level: debug, format: json}
)";

} // namespace dklb::domain
