// Pages in Prometheus' text format, put together.
#include "edgelb/metrics/metric_page.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

constexpr const char* exporter_page = "# HELP haproxy_up Text with a \\ and {braces}\n"
                                      "# TYPE haproxy_up gauge\n"
                                      "haproxy_up 1\n"
                                      "# HELP haproxy_frontend_status By state\n"
                                      "# TYPE haproxy_frontend_status gauge\n"
                                      "haproxy_frontend_status{proxy=\"web\",state=\"UP\"} 1\n"
                                      "haproxy_frontend_status{proxy=\"own\",state=\"UP\"} 1\n";

std::string merged(std::initializer_list<std::string_view> pages) {
  metric_page made;
  int number = 0;
  for (const auto page : pages) {
    const auto instance = std::to_string(++number);
    made.merge(page, {{"pool", "p"}, {"instance", instance}}, "own");
  }
  return made.text();
}

TEST(MetricPage, SamplesOfTwoInstancesStandTogetherUnderOneHelpAndType) {
  EXPECT_EQ(merged({exporter_page, exporter_page}),
            "# HELP haproxy_up Text with a \\ and {braces}\n"
            "# TYPE haproxy_up gauge\n"
            "haproxy_up{pool=\"p\",instance=\"1\"} 1\n"
            "haproxy_up{pool=\"p\",instance=\"2\"} 1\n"
            "# HELP haproxy_frontend_status By state\n"
            "# TYPE haproxy_frontend_status gauge\n"
            "haproxy_frontend_status{pool=\"p\",instance=\"1\",proxy=\"web\",state=\"UP\"} 1\n"
            "haproxy_frontend_status{pool=\"p\",instance=\"2\",proxy=\"web\",state=\"UP\"} 1\n");
}

TEST(MetricPage, AFamilyThatOneInstanceAloneHasStandsOnce) {
  const auto text =
    merged({"# TYPE a counter\na 1\n", "# TYPE b gauge\nb 2\n# TYPE a counter\na 3\n"});
  EXPECT_EQ(text, "# TYPE a counter\n"
                  "a{pool=\"p\",instance=\"1\"} 1\n"
                  "a{pool=\"p\",instance=\"2\"} 3\n"
                  "# TYPE b gauge\n"
                  "b{pool=\"p\",instance=\"2\"} 2\n");
}

TEST(MetricPage, LinesAreTakenAsTheyAreOrNotAtAll) {
  const std::pair<const char*, const char*> table[] = {
    {"a 1", "a{pool=\"p\",instance=\"1\"} 1\n"},
    {"a{} 1", "a{pool=\"p\",instance=\"1\"} 1\n"},
    {"a{b=\"c d\\\"}\"} 1e+06", "a{pool=\"p\",instance=\"1\",b=\"c d\\\"}\"} 1e+06\n"},
    {"a NaN 1700000000", "a{pool=\"p\",instance=\"1\"} NaN 1700000000\n"},
    {"a{proxy=\"own\"} 1", ""},
    {"a{proxy=\"owner\"} 1", "a{pool=\"p\",instance=\"1\",proxy=\"owner\"} 1\n"},
    {"", ""},
    {"\n\n", ""},
    {"<html>", ""},
    {"# comment", ""},
    {"# HELP ", ""},
    {"{a=\"b\"} 1", ""},
    {"a", ""},
    {"a=1", ""},
  };
  for (const auto& [line, text] : table)
    EXPECT_EQ(merged({line}), text) << line;
}

TEST(MetricPage, SamplesWithASuffixStayInTheirFamily) {
  EXPECT_EQ(merged({"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 2\n"}),
            "# TYPE h histogram\n"
            "h_bucket{pool=\"p\",instance=\"1\",le=\"1\"} 1\n"
            "h_sum{pool=\"p\",instance=\"1\"} 2\n");
}

TEST(MetricPage, OwnSamplesComeBeforeOthersAndAreEscaped) {
  metric_page made;
  made.begin("a", "gauge", "Text.");
  made.begin("empty", "gauge", "A family without samples is left out.");
  made.add("a", {}, 7);
  made.add("a", {{"pool", "quote\" back\\slash\nline"}}, 8);
  made.merge("# HELP a Other text\n# TYPE a counter\na 9\n", {}, "own");
  EXPECT_EQ(made.text(), "# HELP a Text.\n"
                         "# TYPE a gauge\n"
                         "a 7\n"
                         "a{pool=\"quote\\\" back\\\\slash\\nline\"} 8\n"
                         "a{} 9\n");
}

} // namespace
} // namespace dklb::edgelb
