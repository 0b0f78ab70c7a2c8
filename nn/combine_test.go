package nn

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/integrate"
)

// swing returns two runs of the unit spring with their derivatives.
func swing() *Series {
	s := &Series{X: autodiff.NewMatrix(60, 2), DX: autodiff.NewMatrix(60, 2), Starts: []int{0, 30}}
	for i := range 60 {
		u, a := 0.1*float64(i%30), 0.6+0.4*float64(i/30)
		s.T = append(s.T, u)
		q, p := a*math.Cos(u), -a*math.Sin(u)
		copy(s.X.Row(i), []float64{q, p})
		copy(s.DX.Row(i), []float64{p, -q})
	}
	return s
}

// TestCombinations goes through all combinations of the rows of the three tables. A model and
// an objective either fit each other, or the refusal says what is wanted. A model that fits
// learns. It is interrupted and resumed to the same bits, saved, loaded, copied and followed.
// A new row is tested as soon as it is in its table.
func TestCombinations(t *testing.T) {
	for _, kind := range Kinds() {
		fits := 0
		for _, objective := range Objectives() {
			for _, optimizer := range Optimizers() {
				t.Run(kind.Name+"/"+objective.Name+"/"+optimizer.Name, func(t *testing.T) {
					refused := combination(t, kind, objective, optimizer)
					_, choosy := optimizer.New(Minimization{}).(interface{ Accepts(Problem) error })
					switch {
					case refused == nil:
						fits++
					case choosy && strings.Contains(refused.Error(), "residuals"): // only shooting has them
					case objective.Name == kind.Objective:
						t.Errorf("%s is not fitted by its own objective: %v", kind.Name, refused)
					}
				})
			}
		}
		if fits == 0 {
			t.Errorf("no objective fits a %s", kind.Name)
		}
	}
	// Those that want residuals fit what gives them.
	for _, optimizer := range Optimizers() {
		if _, choosy := optimizer.New(Minimization{}).(interface{ Accepts(Problem) error }); !choosy {
			continue
		}
		t.Run(oscillator.Name+"/curve/"+optimizer.Name, func(t *testing.T) {
			curve := ObjectiveKind{Name: "curve", New: func(Comparison) Objective { return curveObjective{} }}
			if refused := combination(t, oscillator, curve, optimizer); refused != nil {
				t.Error(refused)
			}
		})
	}
}

// An Oscillator has two unknowns: q̇ = p exp(b₁ + 1), ṗ = −q exp(b₂ − 1).
type Oscillator struct{ B *autodiff.Matrix }

func (m *Oscillator) Params() []*autodiff.Matrix { return []*autodiff.Matrix{m.B} }
func (m *Oscillator) Dim() int                   { return 2 }
func (m *Oscillator) Kind() string               { return oscillator.Name }
func (m *Oscillator) Parts(p *Parts)             { p.Row("b", &m.B) }
func (m *Oscillator) Check() error               { return nil }
func (m *Oscillator) Field(x autodiff.Var) autodiff.Var {
	return m.field(x, autodiff.ExpandTo(x.Graph().Leaf("b", m.B), x.Rows(), 2))
}
func (m *Oscillator) field(x, b autodiff.Var) autodiff.Var {
	u := autodiff.Exp(autodiff.AddConst(autodiff.Slice(b, 0, 1), 1))
	k := autodiff.Exp(autodiff.AddConst(autodiff.Slice(b, 1, 2), -1))
	q, p := autodiff.Slice(x, 0, 1), autodiff.Slice(x, 1, 2)
	return autodiff.Concat(autodiff.Mul(p, u), autodiff.Neg(autodiff.Mul(q, k)))
}

// The start is so near 0 that the first steps are short, and no stage ends too early.
var oscillator = Kind{
	Name:  "oscillator",
	Empty: func() Stored { return new(Oscillator) },
	New: func(*Networks, *Series, *Scaling) (Stored, error) {
		return &Oscillator{&autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{-1e-5, 1e-5}}}, nil
	},
}

// A curveObjective compares an Oscillator with derivatives that are given.
type curveObjective struct{}

func (curveObjective) Scaling(*Series) (*Scaling, error) { return nil, nil }
func (curveObjective) Problem(m Model, s *Series, _ *Scaling, _ int) (Problem, error) {
	o := m.(*Oscillator)
	return NewCurve(o.B, &Data{X: s.X, Y: s.DX}, o.field)
}

// combination returns nil, or with what words the combination is refused.
func combination(t *testing.T, kind Kind, objective ObjectiveKind, optimizer OptimizerKind) (refused error) {
	data := swing()
	// fit goes on from a checkpoint, nil for none, and stops at epoch stop, 0 for never.
	fit := func(from *Checkpoint, stop int) (*Fitted, []byte, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var saved bytes.Buffer
		o := objective.New(Comparison{})
		stage := optimizer.New(Minimization{Epochs: 12, Batch: 16, Rate: Cosine(3e-3, 0), Adam: *NewAdam(), Momentum: 0.5})
		f, err := Fit(ctx, data, Recipe{
			Model: kind.Maker(Networks{Hidden: []int{8}}), Objective: o, Stages: []Optimizer{stage, stage2(optimizer)},
			Hold: 0.5, Patience: 50, Workers: 2, Resume: from,
			OnEpoch: func(e Epoch) error {
				if e.Epoch == stop {
					cancel()
				}
				return nil
			},
			Save: func(c *Checkpoint) error { saved.Reset(); return SaveCheckpoint(&saved, c) },
		})
		return f, saved.Bytes(), err
	}
	whole, _, err := fit(nil, 0)
	if err != nil {
		if !strings.Contains(err.Error(), "want") {
			t.Errorf("refused with %q, which does not say what is wanted", err)
		}
		return err
	}
	if first, last := whole.Epochs[0], whole.Last(); !(last.Loss < first.Loss) || last.Epoch != 15 || last.Stage != 1 {
		t.Errorf("from %+v to %+v", first, last)
	}
	for _, stop := range []int{1, 7, 12, 14} {
		_, saved, err := fit(nil, stop)
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		c, err := LoadCheckpoint(bytes.NewReader(saved))
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := fit(c, 0)
		if err != nil || !sameBits(weights(again.Model), weights(whole.Model)) || len(again.Epochs) != 15 || again.Last() != whole.Last() {
			t.Errorf("stopped after epoch %d and resumed: another result, %v", stop, err)
		}
	}

	m := whole.Model.(Stored)
	file := save(t, m)
	loaded, _, err := Load(bytes.NewReader(file), kind)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := Clone(m, kind)
	if err != nil || !bytes.Equal(save(t, loaded), file) || !bytes.Equal(save(t, copied), file) {
		t.Error("a file or a copy differs", err)
	}
	var ends [][]float64
	for _, m := range []Model{m, loaded, copied} {
		ends = append(ends, follow(t, m))
	}
	if !sameBits(ends[0], ends[1]) || !sameBits(ends[0], ends[2]) || len(ends[0]) != 2 {
		t.Error(ends)
	}
	return nil
}

// stage2 is a short second stage of the same kind.
func stage2(k OptimizerKind) Optimizer {
	return k.New(Minimization{Epochs: 3, Batch: -1, Rate: Constant(1e-3), Adam: *NewAdam()})
}

// follow returns the state of a model after one second.
func follow(t *testing.T, m Model) []float64 {
	t.Helper()
	x0 := []float64{0.7, 0.1}
	if g, ok := m.(Map); ok {
		for u, x := range Orbit(g, x0) {
			if u >= 1 {
				return append([]float64(nil), x...)
			}
		}
	}
	s, err := integrate.Solve(NewField(m.(Field)), 0, 1, x0, integrate.Options{MaxEval: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	return s.Y[len(s.Y)-1]
}

// Only the file that defines a model, an objective or an optimiser may ask for its type. There
// are no exceptions. Interfaces say what a model can do.
func TestNoSwitchOnTypes(t *testing.T) {
	types := map[string]string{} // file by type
	define := regexp.MustCompile(`(?m)^func \((?:\w+ )?\*?(\w+)\) (?:Kind\(\) string|Problem\(|Minimize\()`)
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var files []string
	for _, dir := range []string{".", "../spring", "../spring/system", "../cmd/hnn"} {
		err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range files {
		for _, m := range define.FindAllStringSubmatch(read(name), -1) {
			types[m[1]] = name
		}
	}
	for _, want := range []string{"HNN", "Baseline", "NextState", "Derivatives", "Step", "Port", "Adam", "SGD", "Descent", "Marquardt", "LBFGS", "Broyden"} {
		if types[want] == "" {
			t.Errorf("%s is not found: the test sees too little", want)
		}
	}
	for name, file := range types {
		ask := regexp.MustCompile(`\.\(\*?(nn\.)?` + name + `\)|case (.*, )?\*?(nn\.)?` + name + `[,:]`)
		for _, f := range files {
			if found := ask.FindString(read(f)); found != "" && f != file {
				t.Errorf("%s asks for a %s: %s", f, name, found)
			}
		}
	}
	// No file compares names either: kinds are rows of tables.
	byName := regexp.MustCompile(`(==|case|!=) "(hnn|baseline|nextstate|adam|sgd|lm|lbfgs|broyden)"`)
	for _, f := range files {
		if found := byName.FindString(read(f)); found != "" {
			t.Errorf("%s asks for a kind by its name: %s", f, found)
		}
	}
}

// A second call of Field enters no new formulas: all constants, such as those of the scaling,
// are found again.
func TestSameFormula(t *testing.T) {
	scale := &Scaling{Mu: autodiff.NewMatrix(1, 2), S: &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{2, 3}}, Tau: 1}
	port := newPort(t, swing(), true, Structure{H: "p^2/(2*m)+net(q)", Fit: map[string]float64{"m": 2}, Friction: "net"})
	for _, m := range []Field{&HNN{newHNN(2, 5, 1).K, scale}, &Baseline{newHNN(2, 5, 2).K, scale}, port} {
		var g autodiff.Graph
		x := g.Leaf("x", autodiff.NewMatrix(3, 2))
		first := m.Field(x)
		before := g.String()
		if again := m.Field(x); again != first || g.String() != before {
			t.Errorf("%T: a second call enters new formulas", m)
		}
	}
}
