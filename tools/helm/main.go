// helm is what the project needs of Helm, from Helm's own packages: `lint` and `template` of a
// chart folder, with the flags that they have in the full program. It talks to no cluster and to
// no network.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"helm.sh/helm/v3/pkg/strvals"
)

const usage = `usage: helm lint [-f FILE]... [--set KEY=VALUE]... CHART
       helm template [-n NAMESPACE] [-f FILE]... [--set KEY=VALUE]... RELEASE CHART`

// list is a flag that may be given more than once.
type list []string

func (l *list) String() string         { return strings.Join(*l, ",") }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

type options struct {
	namespace string
	files     list
	settings  list
}

// values merges the files and settings in the order in which Helm does: later ones win.
func (o options) values() (chartutil.Values, error) {
	merged := chartutil.Values{}
	for _, name := range o.files {
		read, err := chartutil.ReadValuesFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		merged = chartutil.CoalesceTables(read, merged)
	}
	for _, setting := range o.settings {
		if err := strvals.ParseInto(setting, merged); err != nil {
			return nil, fmt.Errorf("--set %s: %w", setting, err)
		}
	}
	return merged, nil
}

func lintChart(folder string, o options) error {
	values, err := o.values()
	if err != nil {
		return err
	}
	result := lint.All(folder, values, o.namespace, true)
	for _, message := range result.Messages {
		fmt.Println(message)
	}
	if result.HighestSeverity >= support.WarningSev {
		return errors.New("the chart has mistakes")
	}
	return nil
}

func templateChart(release, folder string, o options) error {
	values, err := o.values()
	if err != nil {
		return err
	}
	chart, err := loader.Load(folder)
	if err != nil {
		return err
	}
	where := chartutil.ReleaseOptions{Name: release, Namespace: o.namespace, Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, values, where, chartutil.DefaultCapabilities)
	if err != nil {
		return err
	}
	rendered, err := engine.Render(chart, all)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(rendered))
	for name := range rendered {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		text := strings.TrimSpace(rendered[name])
		if text != "" && strings.HasSuffix(name, ".yaml") {
			fmt.Printf("---\n# Source: %s\n%s\n", name, text)
		}
	}
	return nil
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	o := options{}
	flags := flag.NewFlagSet("helm", flag.ContinueOnError)
	flags.StringVar(&o.namespace, "n", "default", "namespace of the release")
	flags.Var(&o.files, "f", "values file")
	flags.Var(&o.settings, "set", "one value")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	rest := flags.Args()
	switch {
	case arguments[0] == "lint" && len(rest) == 1:
		return lintChart(rest[0], o)
	case arguments[0] == "template" && len(rest) == 2:
		return templateChart(rest[0], rest[1], o)
	}
	return errors.New(usage)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}
