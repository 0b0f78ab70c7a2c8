package main

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// The columns of the true system are those of the flag -system.
func TestFieldOfSystem(t *testing.T) {
	out := must(t, "field", "-H", "m*p^2 + x^4", "-q", "x", "-p", "p", "-set", "m=3", "-q-range", "1,2", "-p-range", "-1,1", "-points", "2")
	if want := "q,p,H,dq,dp\n1,-1,4,-6,-4\n1,1,4,6,-4\n2,-1,19,-6,-32\n2,1,19,6,-32\n"; out != want {
		t.Errorf("%s\nwant %s", out, want)
	}
}

// A field of several pairs is a slice: the columns are those of the system at the states of the grid. A
// model has no true part beside it, unless a flag or its file says what it was made for.
func TestFieldSlice(t *testing.T) {
	chdir(t)
	slice := rowsOfCSV(t, must(t, "field", "-system", "tanks", "-over", "p2,q0", "-state", "0.1,-0.2,0.3,9", "-q-range", "1,2", "-p-range=-1,0", "-points", "2"))
	if len(slice["H"]) != 4 {
		t.Fatal(slice)
	}
	for i := range 4 {
		q1, q2, p1, p2 := slice["q0"][i], slice["q1"][i], slice["p0"][i], slice["p1"][i]
		if q1 != float64(i%2-1) || q2 != -0.2 || p1 != 0.3 || p2 != float64(1+i/2) {
			t.Errorf("point %d: %v %v %v %v", i, q1, q2, p1, p2)
		}
		if h, dq1, dp2 := (q1-q2)*(q1-q2)/2+q2*q2+p1*p1/2+p2*p2, p1-0.1*(q1-q2), q1-q2-2*q2-0.2*2*p2; math.Abs(slice["H"][i]-h) > 1e-12 ||
			math.Abs(slice["dq0"][i]-dq1) > 1e-12 || math.Abs(slice["dp1"][i]-dp2) > 1e-12 {
			t.Errorf("point %d: %v, want H %v, dq0 %v, dp1 %v", i, slice, h, dq1, dp2)
		}
	}
	must(t, "simulate", "-system", "damped-springs", "-n", "2", "-duration", "5", "-o", "d.csv")
	must(t, "train", "-quiet", "-H", "p0^2/2+p1^2/2+k*q0^2/2+q1^2/2", "-fit", "k=1", "-friction", "each:all", "-o", "m.json", "d.csv")
	r := hnn(t, "", "field", "-points", "2", "m.json")
	header, _, _ := strings.Cut(r.out, "\n")
	if r.status != 0 || r.errors != "" || !strings.HasPrefix(header, "q0,q1,p0,p1,H_m,conservative_dq0_m,") || !strings.HasSuffix(header, ",dq0_m,dq1_m,dp0_m,dp1_m") {
		t.Errorf("%+v", r)
	}
	data, own := rowsOfCSV(t, string(contents(t, "d.csv"))), rowsOfCSV(t, r.out) // the grid covers the data
	if lo, hi := slices.Min(data["q0"]), slices.Max(data["q0"]); own["q0"][0] != lo || own["q0"][3] != hi {
		t.Errorf("q0 from %v to %v, in the data %v to %v", own["q0"][0], own["q0"][3], lo, hi)
	}
	if mid := slices.Min(data["q1"])/2 + slices.Max(data["q1"])/2; math.Abs(own["q1"][0]-mid) > 1e-12 {
		t.Errorf("q1 is %v, in the middle of the data %v", own["q1"][0], mid)
	}
	for i, v := range own["dissipative_dq0_m"] {
		if sum := own["conservative_dq0_m"][i] + v; v == 0 || math.Abs(sum-own["dq0_m"][i]) > 1e-12 {
			t.Errorf("point %d: dq0 is %v, its parts %v", i, own["dq0_m"][i], sum)
		}
	}
	must(t, "plot", "-o", "f.svg", put(t, ".", "f.csv", r.out))
	fails(t, hnn(t, "", "field", "m.json", "m.json"), 2, "two models are called m")
	fails(t, hnn(t, "", "field", "-system", "spring", "m.json"), 1, "m.json: the model has 4 components of state, the grid has q, p")
	fails(t, hnn(t, "", "field", "-over", "q0,z", "m.json"), 2, `-over: no component is called "z": want two of q0, q1, p0, p1`)
	fails(t, hnn(t, "", "field", "-state", "1,2", "m.json"), 2, "-state has 2 numbers, want 4: q0,q1,p0,p1")
	fails(t, hnn(t, "", "field", "-system", "tanks", "-over", "q1,q0"), 2, "-over q1,q0: both are q0 of the file: want two of q1, q2, p1, p2")
	fails(t, hnn(t, "", "field", "-state", "1,2"), 2, "-state is for systems of several pairs")
	must(t, "spring", "-quiet", "-k", "4", "-train", "2", "-test", "1", "-epochs", "1", "-hidden", "4", "-rollout", "5", "-out", "out")
	spring := hnn(t, "", "field", "-points", "2", "-q-range", "0,1", "-p-range", "0,2", "out/hnn.json")
	if h := rowsOfCSV(t, spring.out)["H"]; len(h) != 4 || h[3] != 4 || !strings.Contains(spring.errors, "those of the spring") {
		t.Errorf("%+v", spring)
	}
}
