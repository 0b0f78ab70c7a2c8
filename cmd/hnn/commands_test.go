package main

import (
	"flag"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/flags"
)

// However help is asked for, the usage is printed once.
func TestHelpOfHelp(t *testing.T) {
	want := must(t, "help")
	if strings.Count(want, "usage:") != 1 {
		t.Error(want)
	}
	for _, call := range []string{"-h", "-help", "--help", "help help", "help -h", "-h -h", "--help help", "--help --help", "help -", "-h help -h"} {
		if r := hnn(t, "", strings.Fields(call)...); r.status != 0 || r.out != want || r.errors != "" {
			t.Errorf("hnn %s: %+v", call, r)
		}
	}
	if r := hnn(t, "", "help", ""); r.status != 0 || r.out != want {
		t.Errorf("hnn help of an empty word: %+v", r)
	}
	if r := hnn(t, "", "-h", "sweep"); r.status != 0 || r.out != must(t, "sweep", "--help") || strings.Count(r.out, "usage:") != 1 {
		t.Errorf("hnn -h sweep: %+v", r)
	}
	fails(t, hnn(t, "", "help", "sprong"), 2, `unknown command "sprong"`)
}

// A flag means the same in every command: it has one role, and the same word for its value in
// the help. Exceptions are listed here, with the reason.
func TestOneMeaning(t *testing.T) {
	differs := map[string]string{
		"sweep -out":  "no directory of results with a manifest, but of a sweep",
		"replay -out": "a directory of copies",
		"bench -o":    "no result that a manifest could promise: times are never the same",
	}
	type use struct {
		word string
		role flags.Role
	}
	uses, used, n := map[string]use{}, map[string]bool{}, 0
	for _, c := range commands() {
		j := newJob(c)
		j.flags.VisitAll(func(f *flag.Flag) {
			n++
			word, _ := flag.UnquoteUsage(f)
			if b, ok := f.Value.(interface{ IsBoolFlag() bool }); word == "" != (ok && b.IsBoolFlag()) || strings.Count(f.Usage, "`") != 2 && word != "" {
				t.Errorf("hnn %s -%s: no word for its value in %q", c.name, f.Name, f.Usage)
			}
			now := use{word, j.flags.Role(f.Name)}
			call := c.name + " -" + f.Name
			if differs[call] != "" {
				if used[call] = true; uses[f.Name] == now {
					t.Errorf("hnn %s is not different: %+v", call, now)
				}
				return
			}
			if old, ok := uses[f.Name]; ok && old != now {
				t.Errorf("hnn %s: %+v, in other commands %+v", call, now, old)
			}
			uses[f.Name] = now
		})
	}
	if n < 100 || len(used) != len(differs) {
		t.Errorf("%d flags, exceptions %v", n, used)
	}
}
