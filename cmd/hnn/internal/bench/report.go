package bench

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"hnn/cmd/hnn/internal/table"
)

// spread returns the median, the least and the greatest of x, or NaNs.
func spread(x []float64) (median, least, most float64) {
	if len(x) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2, s[0], s[n-1]
}

// rate returns the median rate in 10⁹ operations a second, or NaN if it says little.
func (r *Row) rate() float64 {
	if r.Flop == 0 {
		return math.NaN()
	}
	t, _, _ := spread(r.Seconds)
	return r.Flop / t / 1e9
}

// Print writes the rows as a table of text, with the columns of the peer if peered is set.
func Print(out io.Writer, rows []*Row, peered bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	head := "row\ttime\t\tGFLOP/s\tshare\t\tallocs"
	if peered {
		head += "\tpeer\tratio\t\tremark"
	}
	fmt.Fprintln(w, head)
	for _, r := range rows {
		t, lo, hi := spread(r.Seconds)
		rate, share, span := "", "", ""
		if r.Flop > 0 {
			rate = fmt.Sprintf("%.3g", r.rate())
		}
		if m, lo, hi := spread(r.Share); len(r.Share) > 0 {
			share, span = fmt.Sprintf("%.0f %%", 100*m), fmt.Sprintf("%.0f – %.0f", 100*lo, 100*hi)
		}
		if m, lo, hi := spread(r.Gain); len(r.Gain) > 0 {
			share, span = fmt.Sprintf("%.2f×", m), fmt.Sprintf("%.2f – %.2f", lo, hi)
		}
		allocs, _, _ := spread(r.Allocs)
		fmt.Fprintf(w, "%s\t%s\t%s – %s\t%s\t%s\t%s\t%.3g", r.Name, seconds(t), seconds(lo), seconds(hi), rate, share, span, allocs)
		if m, lo, hi := spread(r.Ratio); len(r.Ratio) > 0 {
			p, _, _ := spread(r.Peer)
			fmt.Fprintf(w, "\t%s\t%.3g×\t%.3g – %.3g\t%s", seconds(p), m, lo, hi, r.Remark)
		} else if peered {
			fmt.Fprint(w, "\t–\t\t\t")
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil || !slices.ContainsFunc(rows, func(r *Row) bool { return r.Use != nil }) {
		return err
	}
	// What steps do. A worker's share of the peak is that of one core.
	fmt.Fprintf(w, "\nof each worker\tpeak\tproduct\t\t%s\n", strings.Join(Uses[:], "\t"))
	for _, r := range rows {
		if r.Use == nil {
			continue
		}
		peak, product, span := "", "", ""
		if m, lo, hi := spread(r.Product); len(r.Product) > 0 {
			p, _, _ := spread(r.Share)
			peak, product, span = fmt.Sprintf("%.0f %%", 100*p), fmt.Sprintf("%.0f %%", 100*m), fmt.Sprintf("%.0f – %.0f", 100*lo, 100*hi)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s", r.Name, peak, product, span)
		for _, v := range r.Use {
			fmt.Fprintf(w, "\t%.1f %%", 100*v)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// seconds writes a time in three digits and a unit.
func seconds(s float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}} {
		if s >= u.size {
			return fmt.Sprintf("%.3g %s", s/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.3g ns", s*1e9)
}

// Header names the columns that Write fills.
var Header = slices.Concat([]string{"row", "s", "s_min", "s_max", "gflops", "share", "share_min", "share_max",
	"of_product", "of_product_min", "of_product_max"}, Uses[:], []string{"gain", "gain_min", "gain_max",
	"allocs", "peer_s", "peer_min", "peer_max", "ratio", "ratio_min", "ratio_max", "remark"})

// Write writes the rows to a table with the columns of Header. The figures are the median, the
// least and the greatest of all rounds.
func Write(w *table.Writer, rows []*Row) {
	three := func(x []float64) {
		m, lo, hi := spread(x)
		w.Floats(m, lo, hi)
	}
	for _, r := range rows {
		w.Text(r.Name)
		three(r.Seconds)
		w.Floats(r.rate())
		three(r.Share)
		three(r.Product)
		for i := range Uses {
			if r.Use == nil {
				w.Blank()
			} else {
				w.Floats(r.Use[i])
			}
		}
		three(r.Gain)
		allocs, _, _ := spread(r.Allocs)
		w.Floats(allocs)
		three(r.Peer)
		three(r.Ratio)
		if r.Remark == "" {
			w.Blank()
		} else {
			w.Text(r.Remark)
		}
		w.End()
	}
}
