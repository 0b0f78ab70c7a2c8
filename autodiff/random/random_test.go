package random_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"hnn/autodiff/random"
	"hnn/autodiff/verify"
)

// constant is a source that returns the same word for ever.
type constant uint64

func (c constant) Uint64() uint64 { return uint64(c) }

func TestUniformEnds(t *testing.T) {
	if got := random.Uniform(constant(0)); got != 0 {
		t.Errorf("lowest value %v, want 0", got)
	}
	if got := random.Uniform(constant(math.MaxUint64)); got != 1-0x1p-53 {
		t.Errorf("highest value %v, want 1 − 2⁻⁵³", got)
	}
	for _, c := range []constant{0, math.MaxUint64} {
		if got := random.Normal(c); !(math.Abs(got) < 8.58) {
			t.Errorf("Normal of words %x is %v", uint64(c), got)
		}
	}
}

// In each test below the seed is fixed; the limits are such that a random seed would exceed them once in 10⁵ times or less.

func TestUniformDistribution(t *testing.T) {
	src := rand.NewPCG(11, 12)
	x := make([]float64, 100_000)
	for i := range x {
		x[i] = random.Uniform(src)
	}
	kolmogorov(t, x, func(x float64) float64 { return x })
}

func TestNormalDistribution(t *testing.T) {
	src := rand.NewPCG(13, 14)
	x := make([]float64, 100_000)
	var m [5]float64
	lag := 0.0
	for i := range x {
		x[i] = random.Normal(src)
		for k := range m {
			m[k] += math.Pow(x[i], float64(k)) / float64(len(x))
		}
		if i > 0 {
			lag += x[i] * x[i-1] / float64(len(x))
		}
	}
	// Var xᵏ = (2k−1)!! − ((k−1)!!)² for even k, (2k−1)!! for odd k
	for k, want := range []struct{ mean, variance float64 }{{1, 0}, {0, 1}, {1, 2}, {0, 15}, {3, 96}} {
		if d := math.Abs(m[k] - want.mean); d > 4.5*math.Sqrt(want.variance/float64(len(x)))+1e-9 {
			t.Errorf("moment %d is %v, want %v", k, m[k], want.mean)
		}
	}
	if math.Abs(lag) > 4.5/math.Sqrt(float64(len(x))) {
		t.Errorf("neighbours have correlation %v", lag)
	}
	kolmogorov(t, x, func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) })
}

// kolmogorov tests that the largest distance D between the empirical and the given distribution has √n D < 2.47, which
// holds with probability 1 − 2 exp(−2 · 2.47²) = 1 − 10⁻⁵.
func kolmogorov(t *testing.T, x []float64, cdf func(float64) float64) {
	t.Helper()
	slices.Sort(x)
	n := float64(len(x))
	var d float64
	for i, v := range x {
		f := cdf(v)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	if d *= math.Sqrt(n); d > 2.47 {
		t.Errorf("Kolmogorov-Smirnov distance √n D = %.3f", d)
	}
}

func TestIntN(t *testing.T) {
	src := rand.NewPCG(15, 16)
	const draws = 60_000
	for _, n := range []int{1, 2, 3, 6, 7, 100} {
		count := make([]float64, n)
		for range draws {
			count[random.IntN(src, n)]++
		}
		var chi2 float64
		e := float64(draws) / float64(n)
		for _, c := range count {
			chi2 += (c - e) * (c - e) / e
		}
		if k := float64(n - 1); chi2 > k+6*math.Sqrt(2*k)+12 {
			t.Errorf("n = %d: χ² = %.1f with %d degrees of freedom", n, chi2, n-1)
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic for n = 0")
			}
		}()
		random.IntN(src, 0)
	}()
}

// words is a source that returns the given words in turn.
type words []uint64

func (w *words) Uint64() uint64 {
	x := (*w)[0]
	*w = (*w)[1:]
	return x
}

func TestIntNRejects(t *testing.T) {
	// 2⁶⁴ mod 3 = 1: of all words only 0 has a low product word below 1.
	w := words{0, math.MaxUint64}
	if got := random.IntN(&w, 3); got != 2 || len(w) != 0 {
		t.Errorf("IntN = %d with %d words left, want 2 and 0", got, len(w))
	}
	// A power of two rejects nothing.
	w = words{0}
	if got := random.IntN(&w, 4); got != 0 {
		t.Errorf("IntN = %d, want 0", got)
	}
}

func TestPerm(t *testing.T) {
	src := rand.NewPCG(17, 18)
	random.Perm(src, nil)
	count := map[[4]int]float64{}
	const draws = 48_000
	for range draws {
		p := [4]int{0, 1, 2, 3}
		random.Perm(src, p[:])
		count[p]++
	}
	var chi2 float64
	for p, c := range count {
		s := p
		slices.Sort(s[:])
		if s != [4]int{0, 1, 2, 3} {
			t.Fatalf("%v is no permutation", p)
		}
		chi2 += (c - draws/24) * (c - draws/24) / (draws / 24)
	}
	if len(count) != 24 || chi2 > 70 { // 23 degrees of freedom
		t.Errorf("%d orders, χ² = %.1f", len(count), chi2)
	}
}

// The first values for one seed, as hnn verify checks them, so that a changed stream is seen and not only a changed hash.
func TestFirstBits(t *testing.T) {
	verify.Samplers(func(f verify.Finding) {
		if !f.OK() {
			t.Errorf("%+v", f)
		}
	})
}

// The bits of 10⁵ numbers of each kind: a platform or a compiler that differs is caught here.
func TestGoldenBits(t *testing.T) {
	for _, c := range []struct {
		name, want string
		draw       func(src rand.Source, i int) float64
	}{
		{"Uniform", "df8b82ebd7e6f4a07d2d1f10cae6f58e", func(src rand.Source, _ int) float64 { return random.Uniform(src) }},
		{"Normal", "07a37328b4c1b0a61f6a11a7a0d658da", func(src rand.Source, _ int) float64 { return random.Normal(src) }},
		{"IntN", "e79132ceb91b0a646263338bd1fb4769", func(src rand.Source, i int) float64 { return float64(random.IntN(src, i+1)) }},
	} {
		src := rand.NewPCG(9, 10)
		var b []byte
		for i := range 100_000 {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(c.draw(src, i)))
		}
		h := sha256.Sum256(b)
		if got := hex.EncodeToString(h[:16]); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The same random numbers on every machine and with every version of Go.
func ExampleNormal() {
	src := rand.NewPCG(1, 0)
	fmt.Println(random.Uniform(src), random.Normal(src))
	// Output: 0.5982609488236689 -0.09330497504132912
}

var sink float64

func BenchmarkNormal(b *testing.B) {
	src := rand.NewPCG(1, 2)
	for range b.N {
		sink += random.Normal(src)
	}
}
