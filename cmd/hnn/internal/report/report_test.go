package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/picture"
	"hnn/cmd/hnn/internal/table"
)

func read(t *testing.T, name, text string) *table.Table {
	t.Helper()
	x, err := table.ReadMixed(name, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func sample(t *testing.T) *Input {
	trajectory := "model,run,t,q,p,energy,H,drift\n"
	for _, m := range []string{"true", "hnn"} {
		for i := range 20 {
			trajectory += fmt.Sprintf("%s,0,%d,%d,%d,1,,0\n", m, i, i%5, i%3)
		}
	}
	return &Input{
		Name: "spring", Version: "1.2.3", Command: "spring",
		Flags:    map[string]string{"seed": "7", "energies": "0.5,0.9 <b>"},
		Defaults: map[string]string{"m": "1", "k": "2", "train": "25", "duration": "100", "noise": "0.1", "rollout": "50"},
		Operands: []string{"it's.csv"},
		Inputs:   []Sum{{Name: "<script>alert(1)</script>.csv", SHA256: "aa"}, {Name: "-"}},
		Files:    []Sum{{Name: "summary.csv", SHA256: "bb"}, {Name: "hnn.json", SHA256: "cc", Changed: true}},
		Manifest: "manifest.json",
		Tables: []*table.Table{
			read(t, "summary.csv", "model,run,E0,train,test,floor,reached,energy_mse,max_drift,rms_drift,slope,coord_rmse,phase_error\ntrue,0,1,,,0.1,9,1e-15,1e-7,1,1,1,1\nhnn,0,1,2,0.123456789,0.1,9,1,0.0123,1,-1e-7,1,1\nhnn,1,1,2,3,0.1,9,1,0.004,1,1,1,1\n"),
			read(t, "trajectory.csv", trajectory),
			read(t, "words.csv", "a,b\nx,<i>y</i>\n"),
			read(t, "loss.csv", "epoch,stage,step,loss,valid,rate\n1,0,1,2,3,4\n2,0,2,1,2,4\n"),
		},
		Skipped:  []string{"bad.csv:2: 1 fields"},
		Warnings: []string{"d.csv: <u>far</u> off"},
	}
}

func TestWrite(t *testing.T) {
	in := sample(t)
	var b bytes.Buffer
	if err := Write(&b, in); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"A mass of 1 kg on a spring of stiffness 2 N/m", "From 25 trajectories of 100 s", "0.5, 0.9 &lt;b&gt; J", "was 1.2 % for hnn.",
		"Figure 1. Loss", "Figure 2. Trajectory", "<th scope=\"col\">largest drift of the energy<br><code>max_drift</code></th>", ">q [m]<", "<td>0.123</td>", "<td>−1e−07</td>", "<dt>max_drift</dt><dd>largest |E − E₀|/E₀",
		"<dt>floor</dt>", "hnn replay manifest.json", "relative to where the call was made", "&lt;script&gt;alert(1)", "could be read only once", "the file is another now",
		"bad.csv:2: 1 fields", "<strong>-seed 7</strong>", "<li>-noise 0.1</li>", "<li>d.csv: &lt;u&gt;far&lt;/u&gt; off</li>", `hnn spring &#39;-energies=0.5,0.9 &lt;b&gt;&#39; -seed=7 &#39;it&#39;\&#39;&#39;s.csv&#39;`, "&lt;i&gt;y&lt;/i&gt;",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	// Nothing is fetched, nothing runs, and each id is there once.
	for _, bad := range []string{"<script", "@import", "url(", "src=", "<b>", "<i>", "ZgotmplZ", "NaN"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	for _, m := range regexp.MustCompile(`[a-z-]+="(https?:[^"]*)"`).FindAllStringSubmatch(page, -1) {
		if m[1] != "http://www.w3.org/2000/svg" {
			t.Errorf("the page mentions %s", m[1])
		}
	}
	var ids []string
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if slices.Contains(ids, m[1]) {
			t.Errorf("id %s is there twice", m[1])
		}
		ids = append(ids, m[1])
	}
	for _, m := range regexp.MustCompile(`aria-labelledby="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		for _, id := range strings.Fields(m[1]) {
			if !slices.Contains(ids, id) {
				t.Errorf("no element of id %s", id)
			}
		}
	}
	svgs := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
	if len(svgs) != 3 {
		t.Errorf("%d pictures, want 3", len(svgs))
	}
	for _, s := range svgs {
		for d := xml.NewDecoder(strings.NewReader(s)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	// The order in which files are given does not matter.
	slices.Reverse(in.Tables)
	var again bytes.Buffer
	if err := Write(&again, in); err != nil || again.String() != page {
		t.Errorf("another page: %v", err)
	}
}

// Words on the page have the colours whose contrast package picture tests.
func TestColours(t *testing.T) {
	for _, darkly := range []bool{false, true} {
		styles := picture.Styles(darkly)
		for i, name := range []string{"paper", "text", "muted"} {
			colour := regexp.MustCompile(fmt.Sprintf(`\.f%d\{fill:(#[0-9a-f]{6})\}`, i)).FindStringSubmatch(styles)[1]
			if !strings.Contains(page, "--"+name+": "+colour) {
				t.Errorf("dark %v: no --%s: %s", darkly, name, colour)
			}
		}
	}
}

// The noise of hnn eval is a score, that of a sweep a flag.
func TestTermOfAFlag(t *testing.T) {
	if got := terms(read(t, "x", "noise,loss\n1,2\n"), []string{"noise", "loss"}); len(got) != 1 || got[0].Name != "loss" {
		t.Error(got)
	}
}

// A heading has words where they are known; a number has its band beside it.
func TestHeadings(t *testing.T) {
	x := read(t, "x", "constant,error,rows,hnn_valid_loss,pixels_50,mse,mse_low,mse_high,mse_other\nk,1,2,3,4,1234567,0.5,2,1\n")
	want := []heading{{"constant", ""}, {"error", "standard error"}, {"rows", ""}, {"hnn_valid_loss", "hnn: validation loss"}, {"pixels_50", "error of the picture after 50 frames"},
		{"mse", "error of derivatives"}, {"mse_other", "other: error of derivatives"}}
	if s := scoresOf(x); !slices.Equal(s.Header, want) || s.Rows[0][5] != "1.23e+06 (0.5 to 2)" {
		t.Errorf("%v\n%v", s.Header, s.Rows)
	}
}

// Each column of a table of scores that the program writes is explained.
func TestTerms(t *testing.T) {
	for _, header := range []string{
		"model,run,E0,train,test,floor,reached,energy_mse,max_drift,rms_drift,slope,coord_rmse,phase_error",
		"run,rows,mse,step_rmse,coord_rmse,within10,within30,noise,H_mean,H_spread",
		"model,seed,train,test,energy_mse", "system,pairs,rows,test_mse_hnn,median_drift_hnn,max_drift_hnn", "hnn_train,hnn_test,hnn_energy_mse,hnn_max_drift,error",
		"loss,valid_loss,lowest,lowest_epoch", "end,H_drift", "constant,value,error,correlation_k", "dH_dt,dissipated,supplied",
	} {
		names := strings.Split(header, ",")
		x := read(t, "x", header+"\n"+strings.Repeat("1,", len(names)-1)+"1\n")
		if got := terms(x, names); len(got) != len(names) {
			t.Errorf("%s: %d of %d are explained", header, len(got), len(names))
		}
	}
}

// Words are about the file that they stand beside.
func TestWords(t *testing.T) {
	for _, c := range []struct{ text, want, not string }{
		{"constant,value,error\nk,6,0.1\n", "standard error of the value", "why a point failed"},
		{"model,run,picture,true_period\nhnn,0,0.1,20\n", "the model that drew the film", "exact field"},
		{"t,q\n0,1\n1,2\n2,4\n3,3\n", "The states over time.", "Momentum over coordinate"},
		{"t,q,p\n0,1,2\n1,2,3\n2,4,1\n3,3,1\n", "Momentum over coordinate", "The states over time."},
	} {
		var b bytes.Buffer
		if err := Write(&b, &Input{Name: "x", Tables: []*table.Table{read(t, "x.csv", c.text)}}); err != nil || !strings.Contains(b.String(), c.want) || strings.Contains(b.String(), c.not) {
			t.Errorf("%q: want %q, not %q: %v", c.text, c.want, c.not, err)
		}
	}
}
