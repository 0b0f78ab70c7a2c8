package elementary_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"hnn/autodiff/elementary"
	"hnn/autodiff/random"
	"hnn/autodiff/verify"
)

var long = flag.Bool("long", false, "run the long tests")

// functions lists every function of one argument, and where most of its interesting
// arguments lie.
var functions = []struct {
	verify.Function
	lo, hi float64
	near   []float64 // arguments near these are tried too
}{
	{function("Exp"), -750, 711, []float64{0, math.Ln2 / 2, -math.Ln2 / 2, 709.782712893384, -708.3964185322641, -745.1332191019411, 1.5 * math.Ln2}},
	{function("Log"), 0, 4, []float64{1, math.Sqrt2, math.Sqrt2 / 2, 2, 0.5, 0x1p-1022}},
	{function("Tanh"), -20, 20, []float64{0, math.Ln2 / 4, 3 * math.Ln2 / 4, 0.55, 19.0615474653985, -19.0615474653985}},
	{function("Sin"), -1000, 1000, []float64{0, math.Pi / 4, math.Pi / 2, math.Pi, 3 * math.Pi, 710 * math.Pi / 2, 0x1p28, 0x1p53}},
	{function("Cos"), -1000, 1000, []float64{0, math.Pi / 4, math.Pi / 2, math.Pi, 3 * math.Pi, 710 * math.Pi / 2, 0x1p28, 0x1p53}},
	{function("Sigmoid"), -750, 50, []float64{0, math.Ln2 / 2, -math.Ln2 / 2, -40, 40, 36.7368005696771, -708.3964185322641, -745.1332191019411}},
	{function("Softplus"), -750, 50, []float64{0, -0.88, 0.88, -40, 40, 36.7368005696771, -708.3964185322641, -745.1332191019411}},
}

// function returns the one of this name.
func function(name string) verify.Function {
	i := slices.IndexFunc(verify.Functions, func(f verify.Function) bool { return f.Name == name })
	return verify.Functions[i]
}

// What hnn verify checks. The tests below go through all functions.
func TestVerify(t *testing.T) {
	verify.Elementary(func(f verify.Finding) {
		if !f.OK() {
			t.Errorf("%+v", f)
		}
	})
	if len(functions) != len(verify.Functions) {
		t.Errorf("%d functions, want %d", len(functions), len(verify.Functions))
	}
}

// subnormalBound is wider, because a subnormal result is rounded twice.
const subnormalBound = 0.9

// points is the number of random arguments for each function.
func points() int {
	if *long {
		return 10_000_000
	}
	return 20_000
}

// worst keeps the largest errors seen, and where: [0] for normal results, [1] for subnormal ones.
type worst [2]struct{ err, x, y float64 }

func (w *worst) add(got float64, want *big.Float, x, y float64) {
	i := 0
	if want.MantExp(nil) <= -1022 {
		i = 1
	}
	if err := verify.Ulps(got, want); !(err <= w[i].err) {
		w[i].err, w[i].x, w[i].y = err, x, y
	}
}

func (w *worst) check(t *testing.T, bound float64) {
	t.Helper()
	t.Logf("largest error %.4f ulp at %v, %v; where subnormal %.4f at %v, %v", w[0].err, w[0].x, w[0].y, w[1].err, w[1].x, w[1].y)
	if !(w[0].err < bound) || !(w[1].err < subnormalBound) {
		t.Errorf("the bounds are %v and %v", bound, subnormalBound)
	}
}

func TestErrorBounds(t *testing.T) {
	for _, c := range functions {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			src := rand.NewPCG(1, 2)
			var w worst
			for i := range points() {
				x := argument(src, i, c.lo, c.hi, c.near)
				got := c.F(x)
				if math.IsInf(x, 0) || x != x || x < 0 && c.Name == "Log" {
					continue // in TestSpecialValues
				}
				if x == 0 || c.Name == "Exp" && x > 720 || c.Name != "Sin" && c.Name != "Cos" && c.Name != "Log" && x < -760 {
					continue // as above; the reference would not end
				}
				w.add(got, c.Exact(x), x, 0)
			}
			w.check(t, c.Bound)
		})
	}
}

// argument returns random bits, a number uniform in [lo, hi), one log-uniform below 2¹⁰, or one within a few ulp or a few
// per cent of a number of near, in turn.
func argument(src rand.Source, i int, lo, hi float64, near []float64) float64 {
	u := src.Uint64()
	switch i % 4 {
	case 0:
		return math.Float64frombits(u)
	case 1:
		return lo + float64((hi-lo)*random.Uniform(src))
	case 2: // exponents −64 … 9
		return math.Float64frombits(u&(1<<63|1<<52-1) | (1023-64+src.Uint64()%74)<<52)
	}
	x := near[u%uint64(len(near))]
	if u>>32&1 == 0 {
		return math.Float64frombits(math.Float64bits(x) + src.Uint64()%65 - 32)
	}
	return float64(x*(1+float64(0.02*(random.Uniform(src)-0.5)))) + float64(1e-3*(random.Uniform(src)-0.5))
}

// Where x is next to a multiple of π/2 the reduction cancels most digits.
func TestNearMultiplesOfPi(t *testing.T) {
	t.Parallel()
	src := rand.NewPCG(19, 20)
	sin, cos := function("Sin"), function("Cos")
	pi, _, err := big.ParseFloat("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798", 10, 300, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	var w worst
	for i := range points() / 2 {
		k := src.Uint64() >> (12 + uint(i)%52)
		if i&1 == 0 {
			k = src.Uint64()%(1<<28) + 1<<27 // on both sides of the end of the first method
		}
		m := new(big.Float).SetPrec(300).SetUint64(k)
		m.Mul(m, pi)
		x, _ := m.SetMantExp(m, -1).Float64()
		if x != 0 {
			w.add(sin.F(x), sin.Exact(x), x, 0)
			w.add(cos.F(x), cos.Exact(x), x, 0)
		}
	}
	w.check(t, 0.8)
}

func TestPowErrorBound(t *testing.T) {
	t.Parallel()
	src := rand.NewPCG(3, 4)
	var w worst
	for i := range points() {
		var x, c float64
		switch i % 5 {
		case 0: // anything with a result in range
			x = math.Abs(argument(src, 0, 0, 0, nil))
			c = 1500 * (random.Uniform(src) - 0.5) / math.Log(x)
		case 1: // near 1, large powers
			x = 1 + math.Ldexp(random.Uniform(src)-0.5, -int(src.Uint64()%50))
			c = 1500 * (random.Uniform(src) - 0.5) / math.Log(x)
		case 2: // small integers and halves
			x = 100 * random.Uniform(src)
			c = float64(int(src.Uint64()%61)-30) / 2
		case 3: // negative base
			x = -math.Abs(argument(src, 2, 0, 0, nil))
			c = float64(int(src.Uint64()%41) - 20)
		case 4:
			x, c = argument(src, 2, 0, 0, nil), 20*(random.Uniform(src)-0.5)
			x = math.Abs(x)
		}
		if x != x || x == 0 || x == 1 || c == 0 || math.IsInf(x, 0) || math.IsInf(c, 0) || c != c || math.Abs(c*math.Log(math.Abs(x))) > 770 {
			continue
		}
		w.add(elementary.Pow(x, c), verify.ExactPow(x, c), x, c)
	}
	w.check(t, 0.7)
}

func TestAtan2ErrorBound(t *testing.T) {
	t.Parallel()
	src := rand.NewPCG(5, 6)
	var w worst
	for i := range points() {
		var x, y float64
		switch i % 4 {
		case 0:
			x, y = argument(src, 0, 0, 0, nil), argument(src, 0, 0, 0, nil)
		case 1:
			x, y = argument(src, 1, -1, 1, nil), argument(src, 1, -1, 1, nil)
		case 2: // neighbouring exponents, anywhere in the range
			x = argument(src, 0, 0, 0, nil)
			if i&4 == 0 { // in its lowest fortieth
				x = math.Float64frombits(math.Float64bits(x) & (1<<63 | 1<<57 - 1))
			}
			y = x * (4 * (random.Uniform(src) - 0.5))
		case 3:
			y = argument(src, 0, 0, 0, nil)
			x = y * argument(src, 2, 0, 0, nil)
		}
		if x-x != 0 || y-y != 0 || y == 0 {
			continue
		}
		w.add(elementary.Atan2(y, x), verify.ExactAtan2(y, x), y, x)
	}
	w.check(t, 0.7)
}

var (
	inf  = math.Inf(1)
	nan  = math.NaN()
	nil0 = math.Copysign(0, -1)
)

func TestSpecialValues(t *testing.T) {
	const tiny, huge = 0x1p-1074, math.MaxFloat64
	for _, c := range []struct {
		name string
		f    func(float64) float64
		at   [][2]float64
	}{
		{"Exp", elementary.Exp, [][2]float64{{0, 1}, {nil0, 1}, {inf, inf}, {-inf, 0}, {nan, nan}, {tiny, 1}, {-tiny, 1}, {huge, inf}, {-huge, 0},
			{0x1.62e42fefa39efp+9, 0x1.fffffffffff2ap+1023}, {0x1.62e42fefa39f0p+9, inf}, {-0x1.74910d52d3051p+9, tiny}, {-0x1.74910d52d3052p+9, 0},
			{711, inf}, {-746, 0}, {-747, 0}, {0x1p-54, 1}, {1, math.E}}},
		{"Log", elementary.Log, [][2]float64{{0, -inf}, {nil0, -inf}, {1, 0}, {inf, inf}, {-inf, nan}, {-1, nan}, {-tiny, nan}, {nan, nan},
			{tiny, -0x1.74385446d71c3p+9}, {huge, 0x1.62e42fefa39efp+9}, {math.E, 1}}},
		{"Tanh", elementary.Tanh, [][2]float64{{0, 0}, {nil0, nil0}, {inf, 1}, {-inf, -1}, {nan, nan}, {tiny, tiny}, {-tiny, -tiny}, {0x1.8p-1023, 0x1.8p-1023},
			{0x1p-30, 0x1p-30}, {19.07, 1}, {-19.07, -1}, {huge, 1}, {-huge, -1}, {19, 0x1.fffffffffffffp-1}}},
		{"Sin", elementary.Sin, [][2]float64{{0, 0}, {nil0, nil0}, {inf, nan}, {-inf, nan}, {nan, nan}, {tiny, tiny}, {-tiny, -tiny}, {0x1p-30, 0x1p-30},
			{math.Pi, 0x1.1a62633145c07p-53}, {1e22, -0.8522008497671888}, {0x1.6ac5b262ca1ffp849, 1}}},
		{"Cos", elementary.Cos, [][2]float64{{0, 1}, {nil0, 1}, {inf, nan}, {-inf, nan}, {nan, nan}, {tiny, 1}, {-tiny, 1}, {0x1p-30, 1},
			{math.Pi, -1}, {math.Pi / 2, 0x1.1a62633145c07p-54}, {0x1.6ac5b262ca1ffp849, -0x1.14ae72e6ba22fp-61}}},
		{"Sigmoid", elementary.Sigmoid, [][2]float64{{0, 0.5}, {nil0, 0.5}, {inf, 1}, {-inf, 0}, {nan, nan}, {tiny, 0.5}, {36, 0x1.ffffffffffffep-1}, {38, 1}, {huge, 1}, {-huge, 0},
			{-0x1.74910d52d3051p+9, tiny}, {-0x1.74910d52d3052p+9, 0}}},
		{"Softplus", elementary.Softplus, [][2]float64{{0, math.Ln2}, {nil0, math.Ln2}, {inf, inf}, {-inf, 0}, {nan, nan}, {tiny, math.Ln2}, {1000, 1000}, {-1000, 0},
			{huge, huge}, {-huge, 0}, {41, 41}, {-0x1.74910d52d3051p+9, tiny}}},
	} {
		for _, p := range c.at {
			if got := c.f(p[0]); !same(got, p[1]) {
				t.Errorf("%s(%v) = %v (%x), want %v", c.name, p[0], got, got, p[1])
			}
		}
	}
}

// same compares by bits, with one NaN for all.
func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

// math.Pow and math.Atan2 are a second opinion on the special cases that C99 lists.
func TestSpecialPairs(t *testing.T) {
	values := []float64{0, nil0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, -2.5, inf, -inf, nan, 0x1p-1074, -0x1p-1074, math.MaxFloat64,
		-math.MaxFloat64, 0x1p53 - 1, 0x1p53, 0x1p54, -0x1p53 + 1, -0x1p53, 0x1p-600, 0x1p600, 1024, -1074, -1075}
	for _, x := range values {
		for _, y := range values {
			if got, want := elementary.Pow(x, y), math.Pow(x, y); !near(got, want) {
				t.Errorf("Pow(%v, %v) = %v, want %v", x, y, got, want)
			}
			want := math.Atan2(x, y)
			if x != 0 && y < 0 {
				want = math.Copysign(want, x) // math.Atan2 loses the sign where x/y underflows
			}
			if got := elementary.Atan2(x, y); !near(got, want) {
				t.Errorf("Atan2(%v, %v) = %v, want %v", x, y, got, want)
			}
		}
	}
	// Results that are float64s come out exact.
	for _, c := range [][3]float64{{3, 2, 9}, {3, 3, 27}, {10, 15, 1e15}, {10, 22, 1e22}, {4, 0.5, 2}, {2.25, 1.5, 3.375}, {2, -1074, 0x1p-1074},
		{2, 1023, 0x1p1023}, {2, 1024, inf}, {2, -1075, 0}, {-2, 3, -8}, {0.5, -3, 8}, {7, -1, 1. / 7}, {-5, 2, 25}} {
		if got := elementary.Pow(c[0], c[1]); !same(got, c[2]) {
			t.Errorf("Pow(%v, %v) = %v, want %v", c[0], c[1], got, c[2])
		}
	}
}

// near allows a relative difference of 1e-13 between finite numbers other than 0.
func near(a, b float64) bool {
	return same(a, b) || a != 0 && math.Abs(a-b) <= 1e-13*math.Abs(b) && math.Abs(b) <= math.MaxFloat64
}

// Wherever an exact function is monotonic, one below 1 ulp of error may only go back by 1 ulp; across the seams of the
// range reduction a wrong constant would show as a larger step.
func TestNeighbours(t *testing.T) {
	for _, c := range functions {
		if c.Name == "Sin" || c.Name == "Cos" {
			continue
		}
		for _, x := range c.near {
			a := math.Float64frombits(math.Float64bits(x) - 200)
			if x == 0 {
				a = 0
			}
			last := c.F(a)
			up := x >= 0
			for range 400 {
				a = math.Float64frombits(math.Float64bits(a) + 1)
				y := c.F(a)
				if d := y - last; up && d < -ulp(y) || !up && d > ulp(y) {
					t.Errorf("%s(%v) = %v after %v", c.Name, a, y, last)
				}
				last = y
			}
		}
	}
}

func ulp(x float64) float64 {
	x = math.Abs(x)
	return math.Nextafter(x, inf) - x
}

// TestGoldenBits holds the bits of 10⁵ results of each function: a platform or a compiler that differs is caught here.
func TestGoldenBits(t *testing.T) {
	want := map[string]string{
		"Exp":      "d02f5df2cc14d7e513b47ed8a1c4233e",
		"Log":      "efc2b8ae1e7ab28f202b1829f3b5e877",
		"Tanh":     "54c040612497e59a814a097c2ece141f",
		"Sin":      "5e7de4fa13cb3fd3e97ad120dabd339a",
		"Cos":      "e6d768971d10e334c7a2e2dc2724c824",
		"Sigmoid":  "5d1f43f5dc20bd0277df8d63713c11b9",
		"Softplus": "968474bce4474bec36732616e3f191ab",
		"Pow":      "45833f067d7a72238694aad15e76459e",
		"Atan2":    "5f1b04ee67cb09ab82d0614e34d76963",
	}
	sum := func(f func(src rand.Source, i int) float64) string {
		src := rand.NewPCG(9, 10)
		h := sha256.New()
		var b []byte
		for i := range 100_000 {
			y := f(src, i)
			if y != y {
				y = math.Float64frombits(0x7ff8000000000001)
			}
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(y))
		}
		h.Write(b)
		return hex.EncodeToString(h.Sum(nil)[:16])
	}
	check := func(name, got string) {
		if got != want[name] {
			t.Errorf("%q: %q,", name, got)
		}
	}
	for _, c := range functions {
		check(c.Name, sum(func(src rand.Source, i int) float64 { return c.F(argument(src, i, c.lo, c.hi, c.near)) }))
	}
	check("Pow", sum(func(src rand.Source, i int) float64 {
		return elementary.Pow(argument(src, i+i/4, 0, 9, []float64{1, 10}), argument(src, i, -200, 200, []float64{-1, 3, 0.5}))
	}))
	check("Atan2", sum(func(src rand.Source, i int) float64 {
		return elementary.Atan2(argument(src, i+i/4, -9, 9, []float64{1, 10}), argument(src, i, -20, 20, []float64{-1, 3, 0.5}))
	}))
}

var sink float64

func BenchmarkElementary(b *testing.B) {
	src := rand.NewPCG(1, 2)
	x := make([]float64, 1024)
	for i := range x {
		x[i] = 10 * random.Uniform(src)
	}
	for _, c := range functions {
		b.Run(c.Name, func(b *testing.B) {
			for i := range b.N {
				sink += c.F(x[i&1023])
			}
		})
	}
	for _, c := range []struct {
		name string
		f    func(x, y float64) float64
	}{{"Pow", elementary.Pow}, {"Atan2", elementary.Atan2}} {
		b.Run(c.name, func(b *testing.B) {
			for i := range b.N {
				sink += c.f(x[i&1023], 2.5)
			}
		})
	}
}
