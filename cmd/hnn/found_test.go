package main

import (
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Constants of simulated systems with 1 % noise, less and none, from 100 draws of each system: the
// true value lies within three standard errors of what is found in at least 95 of them, and with
// noise the errors are about as large as they are said to be.
//
// One class of the hundred draws alone, in minutes: -run TestConstantsCover/1e-4/tanks -long -v.
func TestConstantsCover(t *testing.T) {
	draws := map[string]int{"0.01": 2, "0": 1, "1e-4": 0, "1e-6": 0} // without -long
	for _, noise := range []string{"0.01", "0", "1e-4", "1e-6"} {
		if draws[noise] > 0 || *long {
			t.Run(noise, func(t *testing.T) { cover(t, noise, draws[noise]) })
		}
	}
}

// cover draws so many data sets with noise, with -long a hundred.
func cover(t *testing.T, noise string, draws int) {
	if *long {
		draws = 100
	}
	dt, runs := "0.1", "3"
	if !*long && noise == "0" { // what is wrong then is the method, whatever the number of runs
		runs = "1"
	}
	if noise == "0" || noise == "1e-6" { // the spline through the inputs is a share of 4e-7 off at 0.1
		dt = "0.02"
	}
	for _, c := range []struct {
		system  string
		dt      string
		columns int // of the file, without derivatives
		flags   []string
		want    map[string]float64
	}{
		{"damped-pendulum", "0.1", 4, []string{"-H", "p^2/2+a*(1-cos(q))", "-fit", "a=0.8", "-friction", "constant"},
			map[string]float64{"a": 1, "friction": 0.1}},
		{"driven-duffing", dt, 5, []string{"-H", "p^2/2+a*q^2/2+b*q^4/4", "-fit", "a=0.8,b=0.8", "-friction", "constant", "-inputs", "u", "-interpolate", "cubic"},
			map[string]float64{"a": 1, "b": 1, "friction": 0.1, "gain": 1}},
		{"damped-springs", "0.1", 6, []string{"-H", "(p0^2+p1^2)/2+k*(q0^2+q1^2)/2+c*(q0-q1)^2/2", "-fit", "k=0.8,c=0.3", "-friction", "each"},
			map[string]float64{"k": 1, "c": 0.5, "friction_p0": 0.1, "friction_p1": 0.1}},
		{"tanks", dt, 7, []string{"-H", "(q0-q1)^2/(2*a)+q1^2/(2*b)+p0^2/(2*c)+p1^2/(2*d)", "-fit", "a=0.8,b=0.6,c=0.8,d=0.6", "-inputs", "u", "-gain", "1:q0",
			"-friction", "each:q0,p0,p1", "-interpolate", "cubic"},
			map[string]float64{"a": 1, "b": 0.5, "c": 1, "d": 0.5, "friction_q0": 0.1, "friction_p0": 0.2, "friction_p1": 0.2}},
	} {
		if !*long && noise == "0" && slices.Contains(c.flags, "-inputs") { // they take the longest
			continue
		}
		t.Run(c.system, func(t *testing.T) {
			z := map[string][]float64{}
			dir := t.TempDir()
			for seed := range draws {
				path := func(name string) string { return filepath.Join(dir, name) }
				must(t, "simulate", "-system", c.system, "-n", runs, "-noise", noise, "-dt", c.dt, "-duration", "15", "-seed", strconv.Itoa(seed), "-o", path("all.csv"))
				var b strings.Builder
				for _, row := range csvRows(t, strings.NewReader(string(contents(t, path("all.csv"))))) {
					b.WriteString(strings.Join(row[:c.columns], ",") + "\n")
				}
				data := put(t, dir, "data.csv", b.String())
				must(t, append(append([]string{"train", "-quiet", "-report", path("r.csv"), "-o", path("m.json")}, c.flags...), data)...)
				for _, row := range csvRows(t, strings.NewReader(string(contents(t, path("r.csv")))))[1:] {
					v, err1 := strconv.ParseFloat(row[1], 64)
					sigma, err2 := strconv.ParseFloat(row[2], 64)
					if err1 != nil || err2 != nil {
						t.Errorf("%s, seed %d: %v", c.system, seed, row)
						continue
					}
					z[row[0]] = append(z[row[0]], (v-c.want[row[0]])/sigma)
				}
			}
			for name := range c.want {
				within, square := 0, 0.
				for _, v := range z[name] {
					if math.Abs(v) <= 3 {
						within++
					}
					square += v * v / float64(draws)
				}
				t.Logf("noise %s, %s: %s within three standard errors in %d of %d draws; rms of error / standard error %.2f", noise, c.system, name, within, draws, math.Sqrt(square))
				if len(z[name]) != draws || within*100 < 95*draws || *long && noise != "0" && (square < 0.6 || square > 1.6) {
					t.Errorf("noise %s, %s: %s: %d of %d draws", noise, c.system, name, within, draws)
				}
			}
		})
	}
}
