package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A rollout that leaves the range of the data warns once, with the component and the range.
func TestRolloutRange(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "simulate", "-n", "5", "-high", "1", "-duration", "10", "-o", "d.csv")
	for _, kind := range []string{"hnn", "baseline", "nextstate"} {
		must(t, "train", "-quiet", "-kind", kind, "-hidden", "16", "-epochs", "30", "-lr", "1e-2", "-o", "m.json", "d.csv")
		for state, want := range map[string]string{
			"50,0":   "at t=0 q is 50, outside of the training data, where it is from ",
			"0,-9":   "at t=0 p is -9, outside of the training data, where it is from ",
			"0.5,0":  "",
			"0,-0.7": "",
		} {
			r := hnn(t, "", "rollout", "-state", state, "-duration", "0.5", "m.json")
			if want == "" && r.errors == "" && r.status == 0 {
				continue
			}
			lines := regexp.MustCompile(`^hnn: warning: m\.json: (.*)(-\d\.\d+) to (\d\.\d+): the model knows nothing there\n$`).FindStringSubmatch(r.errors)
			if r.status != 0 || want == "" || lines == nil || lines[1] != want {
				t.Errorf("%s from %s: %+v", kind, state, r)
				continue
			}
			low, _ := strconv.ParseFloat(lines[2], 64)
			high, _ := strconv.ParseFloat(lines[3], 64)
			if low < -1.5 || low > -1 || high < 1 || high > 1.5 {
				t.Errorf("%s: the range of the data is from %v to %v", kind, low, high)
			}
		}
	}
}

// A rollout that cannot be followed to the end gives one line and the rows up to there.
func TestRolloutFails(t *testing.T) {
	chdir(t)
	one := func(r result, rows int, want string) {
		t.Helper()
		if r.status != 1 || strings.Count(r.out, "\n") != 1+rows || strings.Count(r.errors, "\n") != 1 ||
			!strings.HasPrefix(r.errors, "hnn rollout: ") || !strings.Contains(r.errors, want) || strings.Contains(r.errors, "goroutine") {
			t.Errorf("%+v\nwant %d rows and %q", r, rows, want)
		}
	}
	one(hnn(t, "", "rollout", "-max-eval", "5", "m.json"), 1, "budget of 5 evaluations spent at t=0")
	file := `{"format": "hnn model", "version": 2, "kind": "%s", "parts": {%s"network": {"activation": "tanh", "layers": [{"w": [[1e308, 1e308], [0, 1]]}]}}}`
	put(t, ".", "b.json", fmt.Sprintf(file, "baseline", ""))
	one(hnn(t, "", "rollout", "-state", "1,1", "b.json"), 0, "component 0 of the field is +Inf, or was not written, at t=0")
	one(hnn(t, "", "rollout", "-state", "1,1", "-method", "RK4", "-dt", "0.1", "b.json"), 1, "component 0 of the field is +Inf")
	one(hnn(t, "", "rollout", "-state", "1,1", "-method", "GaussLegendre4", "-dt", "0.1", "b.json"), 1, "component 0 of the field is +Inf")
	put(t, ".", "n.json", fmt.Sprintf(file, "nextstate", `"dt": 0.1, `))
	one(hnn(t, "", "rollout", "-state", "1,1", "n.json"), 1, "the state at t=0.1 is not finite")
	fails(t, hnn(t, "", "sweep", "-grid", "state=1,1 0,0", "rollout", "n.json"), 1, "1 of 2 points failed")
}
