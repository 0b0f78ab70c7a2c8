package chart

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/picture"
	"hnn/cmd/hnn/internal/table"
)

func read(t *testing.T, text string) *table.Table {
	t.Helper()
	x, err := table.ReadMixed("x.csv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// rows writes a CSV file of n rows.
func rows(header string, n int, row func(i int) string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range n {
		b.WriteString(row(i) + "\n")
	}
	return b.String()
}

// orbit is a row of a motion round the origin.
func orbit(i int) string {
	a := float64(i) / 7
	return fmt.Sprintf("%v,%.6f,%.6f", a, math.Cos(a), -math.Sin(a))
}

// files has a file of each kind.
var files = map[string]struct{ kind, text, panels string }{
	"spring's trajectory": {"trajectory", rows("model,run,t,q,p,energy,H,drift", 60, func(i int) string {
		return []string{"true", "hnn", "baseline"}[i/20] + fmt.Sprintf(",%d,", i/10%2) + orbit(i%10) + ",0.5,,0"
	}), "Phase portrait p [kg m/s] q [m]; Energy energy [J] t [s]"},
	"train.csv":       {"trajectory", rows("run,t,q,p,dq,dp", 40, func(i int) string { return fmt.Sprint(i/20, ",", orbit(i%20), ",0,0") }), "Phase portrait p q; q over time q t"},
	"rollout":         {"trajectory", rows("t,q,p,H", 30, func(i int) string { return orbit(i) + ",-3" }), "Phase portrait p q; H of the model H t"},
	"two pairs":       {"trajectory", rows("t,q0,q1,p0,p1", 30, func(i int) string { return orbit(i) + fmt.Sprintf(",%d,%d", i%3, i*i%7) }), "Orbit q1 q0; Phase portrait of q0 p0 q0; Phase portrait of q1 p1 q1"},
	"units":           {"trajectory", rows("t [ms],q [m],p (kg m/s)", 30, orbit), "Phase portrait p [kg m/s] q [m]; q over time q [m] t [ms]"},
	"units of two":    {"curves", rows("a [s],q [m],q [mm]", 30, orbit), "  a [s]"},
	"x and px":        {"trajectory", rows("time,x,px", 30, orbit), "Phase portrait px x; x over time x time"},
	"positions alone": {"trajectory", rows("t,q", 30, func(i int) string { return strings.Join(strings.Split(orbit(i), ",")[:2], ",") }), " q t"},
	"an ensemble": {"trajectory", rows("t,q,p,q_low,q_high,p_low,p_high,H_change,H_change_low,H_change_high", 30, func(i int) string { return orbit(i) + ",-2,2,-2,2,1,0,2" }),
		"q over time q t; p over time p t; Change of H H_change t"},
	"friction and an input": {"trajectory", rows("t,q,p,u,H,dH_dt,dissipated,supplied", 30, func(i int) string { return orbit(i) + ",0,-3,1,2,3" }),
		"Phase portrait p q; H of the model H t; Balance of power: dH/dt = supplied − dissipated power t"},
	"an ensemble's field": {"field", rows("q,p,H,dq,dp,H_e,H_e_low,H_e_high,dq_e,dq_e_low,dq_e_high,dp_e,dp_e_low,dp_e_high", 9, func(i int) string {
		return fmt.Sprintf("%d,%d,%d,1,1,1,0,2,1,0,2,1,0,2", i/3, i%3, i)
	}), "true p q; e p q; e: width of the band of H p q"},
	"a slice": {"field", rows("q0,q1,p0,p1,H,dq0,dq1,dp0,dp1,dq0_b,dq1_b,dp0_b,dp1_b", 12, func(i int) string {
		return fmt.Sprintf("%d,0.5,-1,%d,%d,9,1,9,2,9,3,9,4", i%4, i/4, i)
	}), "true q0 p1; b (no H) q0 p1"},
	"a section": {"section", rows("run,t,q0,q1,p0,p1", 30, func(i int) string {
		return fmt.Sprintf("%d,%d,%de-18,%d,%d,%d", i/10, i, i%3, i%5, i%7, i%4)
	}), " p1 q1"},
	"a section of one pair": {"section", rows("t,q,p", 30, func(i int) string { return fmt.Sprintf("%d,0,%d", i, i%5) }), " p t"},
	"field.csv": {"field", rows("q,p,H,dq,dp,dq_baseline,dp_baseline,H_hnn,dq_hnn,dp_hnn,next_q_map,next_p_map", 100, func(i int) string {
		q, p := float64(i/10)-4.5, float64(i%10)-4.5
		return fmt.Sprintf("%v,%v,%v,%v,%v,1,1,%v,0,,%v,%v", q, p, q*q+p*p, p, -q, q*q+p*p-3, q+1, p)
	}), "true p q; hnn p q; baseline (no H) p q; map (no H) p q"},
	"loss.csv": {"loss", rows("model,epoch,step,train,test,rate", 20, func(i int) string { return fmt.Sprintf("m%d,%d,%d,%v,%v,1", i/10, i%10, i, 1/float64(i+1), 2) }), " loss epoch"},
	"-log":     {"loss", rows("epoch,stage,step,loss,valid,rate", 20, func(i int) string { return fmt.Sprintf("%d,%d,%d,%v,,1", i, i/10, i, 1/float64(i+1)) }), " loss epoch"},
	"sweep of spring": {"sweep", rows("point,noise,seed,hnn_train,hnn_test,hnn_energy_mse,hnn_max_drift,error", 8, func(i int) string {
		return fmt.Sprintf("%d,%v,%d,1,%d,1,%v,", i, i/4, i%4, i, math.Pow(10, float64(i)))
	}), "  test error, test;   largest drift of the energy, max_drift;   mean squared energy error, energy_mse"},
	"sweep of train": {"sweep", rows("point,window,loss,error", 8, func(i int) string { return fmt.Sprintf("%d,%d,%d,", i, i/2, i) }), "  training loss, loss"},
	"summary.csv": {"scores", rows("model,run,E0,train,test,floor,reached,energy_mse,max_drift,rms_drift,slope,coord_rmse,phase_error", 4, func(i int) string {
		return fmt.Sprintf("m%d,%d,1,1,1,1,1,1,%d,1,1,1,1", i/2, i%2, i+1)
	}), "  largest drift of the energy, max_drift;   error of rollouts, coord_rmse;   mean squared energy error, energy_mse"},
	"eval": {"scores", rows("run,rows,mse,step_rmse,coord_rmse,within10,within30,noise,H_mean,H_spread", 3, func(i int) string {
		return []string{"0", "1", "all"}[i] + ",9,,1,2,1,1,,1,1"
	}), "  error of rollouts, coord_rmse;   error of one step, step_rmse"},
	"paper.csv":   {"scores", "model,seed,train,test,energy_mse\nhnn,0,1,2,3\nbaseline,0,1,2,3\n", "  test error, test;   mean squared energy error, energy_mse"},
	"systems.csv": {"scores", "system,pairs,rows,test_mse_hnn,test_mse_baseline,max_drift_hnn,max_drift_baseline\nspring,1,2,1e-3,1e-2,1e-5,1\nkepler,2,3,1,1,1,1\n", "  test error, test_mse;   largest drift of the energy, max_drift"},
	"other":       {"curves", rows("when,a,b", 20, func(i int) string { return fmt.Sprintf("%d,%d,%d", i, i*i, -i) }), "  when"},
	"one column":  {"curves", "a\n1\n2\n", " a row"},
	"texts":       {"curves", "a,b\n1,x\n2,y\n", " a row"},
	"named rows":  {"curves", "a,b\nx,1\ny,2\n", "  b"},
	"one row":     {"curves", "a,b\n1,2\n", " b a"},
	"a constant":  {"curves", "a,b\n1,2\n2,2\n3,2\n", " b a"},
	"huge":        {"curves", "a,b\n-1e308,1e308\n1e308,-1e308\n1,0\n", " b a"},
	"tiny":        {"curves", "a,b\n5e-324,5e-324\n1e-320,1e-322\n", " b a"},
	"gaps":        {"curves", "a,b\n1,\n2,nan\n3,4\n,5\n6,inf\n7,-1\n", " b a"},
}

// Each kind of file is known by its header and drawn as a picture without a coordinate that is no number.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for name, c := range files {
		x := read(t, c.text)
		if got := KindOf(x); got != c.kind {
			t.Errorf("%s: %s, want %s", name, got, c.kind)
		}
		seen[c.kind] = true
		for _, dark := range []bool{false, true} {
			f, err := Make(x, Options{Dark: dark, Width: map[bool]int{true: 420}[dark]})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var panels []string
			for _, p := range f.Panels {
				panels = append(panels, p.Title+" "+p.Y.Label+" "+p.X.Label)
			}
			if got := strings.Join(panels, "; "); got != c.panels {
				t.Errorf("%s: panels %q, want %q", name, got, c.panels)
			}
			var b strings.Builder
			if err := f.SVG(&b); err != nil || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") || len(b.String()) < 1000 || f.Title == "" || f.Desc == "" {
				t.Errorf("%s: %v: %.300s", name, err, b.String())
			}
			if err := f.PNG(io.Discard, 0.5); err != nil {
				t.Error(err)
			}
		}
	}
	for _, k := range Kinds() {
		if !seen[k[0]] {
			t.Errorf("no file of kind %s", k[0])
		}
	}
}

// Of many runs over time the first alone is drawn, and named; the number of the run is no curve.
func TestRuns(t *testing.T) {
	positions := rows("run,t,q", 40, func(i int) string { return fmt.Sprintf("%d,%d,%d", 3+i/10, i%10, i*i%7) })
	f, err := Make(read(t, positions), Options{})
	if err != nil || f.Title != "Trajectory of run 3, the first of 4" {
		t.Errorf("%q %v", f.Title, err)
	}
	velocities := rows("run,t,x1,v1", 40, func(i int) string { return fmt.Sprintf("%d,%d,%d,%d", i/10, i%10, i, i*i) })
	if f, err = Make(read(t, velocities), Options{}); err != nil || len(f.Keys) != 2 || f.Keys[0].Name != "x1" || f.Keys[1].Name != "v1" {
		t.Errorf("%v %v", f.Keys, err)
	}
	if f, err = Make(read(t, "q [m],q,t\n1,2,3\n2,3,4\n3,3,5\n"), Options{X: "t", Y: []string{"q [m]"}}); err != nil || f.Panels[0].Y.Label != "q [m]" {
		t.Errorf("%v", err)
	}
}

// What is drawn is what is in the file.
func TestCurves(t *testing.T) {
	text := rows("t,a,b,who", 12, func(i int) string { return fmt.Sprintf("%d,%d,%d,%s", i%6, i, 100-i, []string{"x", "y"}[i/6]) })
	f, err := Make(read(t, text), Options{Y: []string{"b"}, By: "who", Log: "y", XLim: []float64{1, 4}, Title: "T", XLabel: "X", YLabel: "Y", Width: 500, Height: 333})
	if err != nil {
		t.Fatal(err)
	}
	p := f.Panels[0]
	if len(p.Layers) != 2 || fmt.Sprint(p.Layers[1].X, p.Layers[1].Y) != "[0 1 2 3 4 5] [94 93 92 91 90 89]" || p.Layers[0].Ink == p.Layers[1].Ink {
		t.Errorf("%+v", p.Layers)
	}
	if p.X.Label != "X" || p.Y.Label != "Y" || f.Title != "T" || !p.Y.Log || !p.X.Fixed || p.X.Min != 1 || p.X.Max != 4 || f.Width != 500 || f.Height != 333 {
		t.Errorf("%+v %+v", f, p)
	}
	if len(f.Keys) != 2 || f.Keys[1].Name != "who y" || f.Keys[1].Ink != p.Layers[1].Ink {
		t.Errorf("%+v", f.Keys)
	}
	f, err = Make(read(t, text), Options{X: "who", Y: []string{"a"}})
	if err != nil || fmt.Sprint(f.Panels[0].Y.Names, f.Panels[0].Layers[0].Y) != "[x y] [0 0 0 0 0 0 1 1 1 1 1 1]" {
		t.Errorf("%v %+v", err, f)
	}
	f, err = Make(read(t, "t,m,m_low,m_high\n0,1,0,2\n1,2,1,4\n"), Options{X: "t"})
	if err != nil || len(f.Panels[0].Layers) != 2 || f.Panels[0].Layers[0].Shape != picture.Band || fmt.Sprint(f.Panels[0].Layers[0].Y2) != "[2 4]" {
		t.Errorf("%v %+v", err, f.Panels[0])
	}
	// Runs are curves of their own, with a gap between, in the colour of their model.
	f, err = Make(read(t, files["spring's trajectory"].text), Options{X: "t", Y: []string{"drift"}, By: "model"})
	if err != nil || len(f.Panels[0].Layers) != 3 || f.Panels[0].Layers[1].Shape != picture.Line || len(f.Panels[0].Layers[1].X) != 21 ||
		!math.IsNaN(f.Panels[0].Layers[1].X[10]) || f.Panels[0].Layers[0].Ink != picture.True || f.Panels[0].Layers[2].Ink != picture.Series+1 {
		t.Errorf("%v %+v", err, f.Panels[0].Layers)
	}
	many := rows("t,a,who", 100, func(i int) string { return fmt.Sprintf("%d,%d,%d", i%5, i, i/5) })
	if f, err = Make(read(t, many), Options{By: "who"}); err != nil || len(f.Keys) > 0 || !strings.Contains(f.Note, "20 values of who") || len(f.Panels[0].Layers) != 20 {
		t.Errorf("%v %+v", err, f)
	}
	// A learned H that differs by a constant has the level sets of the true one.
	f, _ = Make(read(t, files["field.csv"].text), Options{})
	same := func(a, b picture.Layer) bool {
		for i := range a.X {
			if d := math.Abs(a.X[i]-b.X[i]) + math.Abs(a.Y[i]-b.Y[i]); d > 1e-9 {
				return false
			}
		}
		return len(a.X) == len(b.X) && len(a.X) > 10
	}
	if !same(f.Panels[0].Layers[2], f.Panels[1].Layers[2]) || !strings.Contains(f.Note, "H_hnn is raised by 3") {
		t.Error("the learned H has other level sets", f.Note)
	}
	// The numbers on the lines are those of their levels, in the panel of the true H and in that of the learned one.
	for _, p := range f.Panels[:2] {
		words := p.Layers[len(p.Layers)-1]
		if words.Shape != picture.Words || len(words.Texts) < 4 {
			t.Fatalf("%s: numbers %v", p.Title, words.Texts)
		}
		for i, text := range words.Texts {
			h, err := strconv.ParseFloat(text, 64)
			if q, p := words.X[i], words.Y[i]; err != nil || math.Abs(q*q+p*p-h) > 0.3 { // the grid is coarse
				t.Errorf("%s at q = %v, p = %v, where H is %v", text, q, p, q*q+p*p)
			}
		}
	}
	if f, err = Make(read(t, files["field.csv"].text), Options{Units: map[string]string{"q": "m"}}); err != nil || f.Panels[0].X.Label != "q [m]" || f.Panels[0].Y.Label != "p" {
		t.Errorf("%v %q %q", err, f.Panels[0].X.Label, f.Panels[0].Y.Label)
	}
	// The width of the band of an ensemble has lines of its own levels; scores of an ensemble have their bands.
	field := rows("q,p,H_e,H_e_low,H_e_high", 100, func(i int) string {
		q, p := i/10, i%10
		return fmt.Sprintf("%d,%d,1,%d,%d", q, p, -q, q)
	})
	if f, err = Make(read(t, field), Options{}); err != nil || len(f.Panels) != 2 {
		t.Fatalf("%v %v", err, f)
	}
	for _, l := range f.Panels[1].Layers[:3] {
		if l.X[0] < 0.9 || l.X[0] != l.X[5] || l.X[0] == f.Panels[1].Layers[3].X[0] { // width 2q
			t.Errorf("a line at q = %v", l.X)
		}
	}
	scores := "run,rows,coord_rmse,coord_rmse_low,coord_rmse_high,step_rmse,H_mean\n0,9,2,1,4,1,1\nall,9,3,2,5,1,1\n"
	if f, err = Make(read(t, scores), Options{}); err != nil || fmt.Sprint(f.Panels[0].Layers[0].X, f.Panels[0].Layers[2].X, f.Panels[0].Layers[2].Y) != "[1 4] [2 5] [1 1]" || !strings.Contains(f.Note, "_low to _high") {
		t.Errorf("%v %+v", err, f)
	}
	if f, err = Make(read(t, "name,m,m_low,m_high\nx,1,0,2\ny,2,1,4\n"), Options{}); err != nil || fmt.Sprint(f.Panels[0].Layers[1].X, f.Panels[0].Layers[1].Y) != "[1 4] [1 1]" {
		t.Errorf("%v %+v", err, f.Panels[0])
	}
}

// A slice has the component that changes later across, and arrows of the field within it.
func TestSlice(t *testing.T) {
	f, err := Make(read(t, files["a slice"].text), Options{})
	if err != nil || !strings.Contains(f.Note, "slices at q1 = 0.5, p0 = −1") {
		t.Fatalf("%v %+v", err, f)
	}
	for i, want := range []float64{9. / 2, 9. / 4} { // dq0/dp1
		for _, l := range f.Panels[i].Layers {
			if l.Shape != picture.Arrows {
				continue
			}
			for k := range l.X {
				if dx, dy := l.Y2[k]-l.Y[k], l.X2[k]-l.X[k]; math.Abs(dx/dy-want) > 1e-9 {
					t.Fatalf("panel %d: an arrow goes %v along q0 and %v along p1, want %v", i, dx, dy, want)
				}
			}
		}
	}
}

// An error is one line that names the column and what to give.
func TestErrors(t *testing.T) {
	few := "a,b,name\n1,2,x\n3,-4,y\n"
	for _, c := range []struct {
		text string
		o    Options
		want string
	}{
		{few, Options{X: "c"}, "-x c: x.csv: missing column c (found a, b, name)"},
		{few, Options{Y: []string{"b", "c"}}, "-y c: x.csv: missing column c (found a, b, name)"},
		{few, Options{By: "c"}, "-by c: x.csv: missing column c (found a, b, name)"},
		{few, Options{Y: []string{"name"}}, `x.csv: column name has no numbers (its first cell is "x"): want another -y`},
		{"name,who\nx,y\n", Options{}, "x.csv: no column of numbers to draw (found name, who): want -y"},
		{"a,b\n1,-1\n2,-2\n", Options{Log: "y"}, "x.csv: column b has no number above 0: want no -logscale y"},
		{"a,b\n-1,1\n-2,2\n", Options{Log: "x"}, "x.csv: column a has no number above 0: want no -logscale x"},
		{few, Options{X: "a", Log: "x", XLim: []float64{-1, 1}}, "-xlim -1: a logarithmic axis begins above 0"},
		{few, Options{X: "a", XLim: []float64{1, 1 + 1e-15}}, "-xlim: from 1 to 1.000000000000001: want a lower and a higher number, between -8e307 and 8e307 and further apart"},
		{few, Options{X: "name", Y: []string{"a"}, Log: "y"}, "-logscale y: that axis has names, no numbers"},
		{few, Options{As: "field"}, "x.csv: no field (found the columns a, b, name): want -x and -y"},
		{few, Options{As: "loss", X: "a"}, "-as loss knows its columns: want no -x, -y or -by"},
		{"q,p,H\n0,0,1\n0,1,2\n1,0,3\n", Options{}, "x.csv: 3 rows are no grid of 2 values of q and 2 of p: want each q with each p, as hnn field writes it, or -x and -y"},
		{"q,p,H\n0,0,1\n0,0,2\n1,1,3\n1,1,\n", Options{}, "x.csv:3: the point q = 0, p = 0 is there twice: want a grid of one value for each point, or -x and -y"},
		{"epoch,loss\n1,-1\n2,\n", Options{}, "x.csv: column loss has no number above 0: want -x and -y"},
		{"point,seed,other,error\n0,1,2,\n", Options{}, "x.csv: no score among the columns point, seed, other, error: want -x and -y"},
		{files["train.csv"].text, Options{Log: "y"}, "the figure has 2 panels: -logscale, -xlim, -ylim, -xlabel and -ylabel want one, chosen by -x and -y"},
	} {
		if f, err := Make(read(t, c.text), c.o); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, %v\nwant %s", c.o, f, err, c.want)
		}
	}
}

// A text among numbers is not passed over in silence.
func TestDoubts(t *testing.T) {
	x := read(t, "run,t,q,p,model\n0,1,2,3,a\n0,2,x,,4\nall,3,y,nan,b\n")
	want := "x.csv:3: column q: \"x\" is not a number: it is left out\nx.csv:2: column model: \"a\" is not a number: it is left out"
	if got := strings.Join(Doubts(x, Options{}), "\n"); got != want {
		t.Error(got)
	}
	if got := Doubts(x, Options{By: "model"}); len(got) != 1 {
		t.Error(got)
	}
	for name, c := range files {
		if got := Doubts(read(t, c.text), Options{}); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// No file leads to a panic, in whatever way it is drawn.
func FuzzMake(f *testing.F) {
	for _, c := range files {
		if len(c.text) < 400 {
			f.Add(c.text)
		}
	}
	f.Add("q,p,H\n0,0,1\n0,0,2\n1,1,3\n1,1,\n")
	f.Add("t,q,p\n0,0,0\n0,0,0\n0,0,0\n")
	f.Add("t,x,vx,run\n,,,\na,b,c,d\n")
	f.Fuzz(func(t *testing.T, text string) {
		x, err := table.ReadMixed("x", strings.NewReader(text))
		if err != nil || x.Rows()*len(x.Header) > 2000 {
			return
		}
		for _, k := range Kinds() {
			for _, o := range []Options{{As: k[0]}, {As: k[0], Log: "xy"}, {Log: "xy", X: x.Header[0]}, {X: x.Header[0], By: x.Header[len(x.Header)-1]}} {
				fig, err := Make(x, o)
				if err != nil {
					if strings.Contains(err.Error(), "\n") {
						t.Errorf("%q", err)
					}
					continue
				}
				fig.Width, fig.Height = 200, 200
				var b strings.Builder
				if err := fig.SVG(&b); err != nil {
					t.Error(err)
				}
				for _, line := range strings.Split(b.String(), "\n") {
					if strings.Contains(line, ` d="`) && (strings.Contains(line, "NaN") || strings.Contains(line, "922337")) {
						t.Errorf("%v: %s", k, line)
					}
				}
				fig.PNG(io.Discard, 0.25)
			}
		}
	})
}
