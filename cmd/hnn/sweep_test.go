package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sweepInto sweeps a small experiment over four points.
func sweepInto(t *testing.T, dir string, flags ...string) result {
	t.Helper()
	args := append([]string{"sweep", "-out", dir, "-seeds", "2", "-grid", "hidden=6,4 8", "-quiet"}, flags...)
	return hnn(t, "", append(args, "spring", "-train", "3", "-test", "2", "-duration", "5", "-rollout", "2", "-epochs", "2")...)
}

func sweepFile(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "sweep.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// However a sweep is split, its file has the same bytes.
func TestSweepSameBytes(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	if r := sweepInto(t, whole); r.status != 0 || r.errors != "" || r.out != "" {
		t.Fatalf("%+v", r)
	}
	want := sweepFile(t, whole)
	lines := strings.Split(want, "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "point,hidden,seed,baseline_train,") || !strings.HasPrefix(lines[2], `1,"6,4",1,`) || !strings.HasPrefix(lines[3], "2,8,0,") {
		t.Fatalf("unexpected rows:\n%s", want)
	}

	one := filepath.Join(dir, "one")
	sweepInto(t, one, "-workers", "1")
	shards := filepath.Join(dir, "shards")
	for _, s := range []string{"2/3", "3/3", "1/3"} {
		if _, err := os.Stat(filepath.Join(shards, "sweep.csv")); err == nil {
			t.Error("sweep.csv is there before all points are")
		}
		if r := sweepInto(t, shards, "-shard", s); r.status != 0 {
			t.Fatalf("%+v", r)
		}
	}
	again := filepath.Join(dir, "again")
	sweepInto(t, again)
	for _, f := range []string{"sweep.csv", "points/000001.csv", "points/000002.csv"} {
		if err := os.Remove(filepath.Join(again, f)); err != nil {
			t.Fatal(err)
		}
	}
	kept, _ := os.Stat(filepath.Join(again, "points/000000.csv"))
	sweepInto(t, again)
	if now, _ := os.Stat(filepath.Join(again, "points/000000.csv")); !os.SameFile(kept, now) {
		t.Error("a finished point was run again")
	}
	for _, d := range []string{one, shards, again} {
		if got := sweepFile(t, d); got != want {
			t.Errorf("%s differs:\n%s\nwant\n%s", filepath.Base(d), got, want)
		}
	}

	fails(t, sweepInto(t, whole, "-grid", "lr=1e-3 2e-3"), 1, "another sweep")
}

// The scores of a point are those of the same call without a sweep.
func TestSweepScores(t *testing.T) {
	dir := t.TempDir()
	springInto(t, filepath.Join(dir, "run"), "-seed", "1")
	args := append([]string{"sweep", "-out", filepath.Join(dir, "sweep"), "-seeds", "2", "spring"}, little[:len(little)-1]...)
	must(t, args...)
	b, err := os.ReadFile(filepath.Join(dir, "run", "summary.csv"))
	if err != nil {
		t.Fatal(err)
	}
	row := strings.Split(strings.Split(sweepFile(t, filepath.Join(dir, "sweep")), "\n")[2], ",")
	found := 0
	for _, line := range strings.Split(string(b), "\n") {
		if cells := strings.Split(line, ","); cells[0] == "hnn" {
			if found++; cells[3] != row[6] || cells[4] != row[7] {
				t.Errorf("summary %v, sweep %v", cells, row)
			}
		}
	}
	if found != 3 {
		t.Errorf("%d rows of hnn in summary.csv", found)
	}
}

func TestSweepTrain(t *testing.T) {
	dir := t.TempDir()
	data, valid := filepath.Join(dir, "d.csv"), filepath.Join(dir, "v.csv")
	must(t, "simulate", "-system", "pendulum", "-n", "2", "-o", data)
	must(t, "simulate", "-system", "pendulum", "-n", "1", "-seed", "9", "-o", valid)
	out := filepath.Join(dir, "out")
	args := []string{"sweep", "-out", out, "-grid", "lr=1e-3 1e300", "train", "-hidden", "8", "-epochs", "3", "-valid", valid, "-patience", "9", data}
	fails(t, hnn(t, "", args...), 1, "1 of 2 points failed")
	lines := strings.Split(sweepFile(t, out), "\n")
	if lines[0] != "point,lr,loss,valid_loss,lowest,lowest_epoch,error" || !strings.HasPrefix(lines[1], "0,1e-3,") || !strings.HasPrefix(lines[2], "1,1e300,,,,,") ||
		!strings.Contains(lines[2], "diverged") {
		t.Errorf("%q", lines)
	}
	if err := os.WriteFile(data, []byte("q,p,dq,dp\n1,2,3,4\n2,3,4,5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", args...), 1, "another sweep")
	args[2] = filepath.Join(dir, "other")
	if err := os.Remove(data); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", args...), 1, "d.csv")
}

// If an input file changes, it is another sweep. The name of the file does not matter.
func TestSweepInputs(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for i, name := range []string{"d.csv", "a.csv", "b.csv"} {
		must(t, "simulate", "-n", "2", "-duration", "5", "-seed", fmt.Sprint(i), "-o", path(name))
	}
	train := []string{"train", "-hidden", "4", "-epochs", "1"}
	grid := append([]string{"sweep", "-out", path("grid"), "-grid", "valid=" + path("a.csv") + " " + path("b.csv")}, append(train, path("d.csv"))...)
	fixed := append([]string{"sweep", "-out", path("fixed"), "-seeds", "2"}, append(train, "--valid="+path("b.csv"), path("d.csv"))...)
	for _, args := range [][]string{grid, fixed, grid} {
		must(t, args...)
	}
	if got := sweepFile(t, path("grid")); !strings.HasPrefix(got, "point,valid,loss,valid_loss,error\n0,"+path("a.csv")) {
		t.Error(got)
	}
	must(t, "simulate", "-n", "2", "-duration", "5", "-seed", "9", "-o", path("b.csv"))
	for _, args := range [][]string{grid, fixed} {
		fails(t, hnn(t, "", args...), 1, "another sweep")
	}

	// A flag may be right only together with one that varies. A value is not taken for a file.
	t.Chdir(dir)
	window := append([]string{"sweep", "-out", "window", "-seeds", "2", "-grid", "derivatives=smooth", "train", "-window", "3"}, append(train[1:], "d.csv")...)
	for _, text := range []string{"a", "b"} {
		if err := os.WriteFile("1", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		must(t, window...)
	}
}

func TestSweepMisuse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"want a command to sweep", nil},
		{"simulate cannot be swept: want one of [spring pixels train rollout eval]", []string{"simulate"}},
		{"cannot be swept: want one of [spring pixels train rollout eval]", []string{"sweep", "spring"}},
		{"nothing cannot be swept", []string{"nothing"}},
		{"NAME=V1", []string{"-grid", "lr", "spring"}},
		{"NAME=V1", []string{"-grid", "lr=", "spring"}},
		{"a second grid of lr", []string{"-grid", "lr=1", "-grid", "lr=2", "spring"}},
		{"not defined: -colour", []string{"-grid", "colour=1", "spring"}},
		{`invalid value "x"`, []string{"-grid", "lr=1 x", "spring"}},
		{"-low 3 is above -high", []string{"-grid", "low=0.5 3", "spring"}},
		{"-out of spring", []string{"-grid", "out=a b", "spring"}},
		{"-checkpoint of train", []string{"train", "-checkpoint", "c", "d.csv"}},
		{"one of the two", []string{"-seeds", "2", "-grid", "seed=5 6", "spring"}},
		{"set both by the sweep", []string{"-seeds", "2", "spring", "-seed", "3"}},
		{"I from 1 to N", []string{"-shard", "0/2", "spring"}},
		{"I from 1 to N", []string{"-shard", "3/2", "spring"}},
		{"train: want a CSV file of data", []string{"train"}},
		{"rollout: want a model file", []string{"rollout"}},
		{"-o of eval", []string{"eval", "-o", "x.csv", "m.json", "d.csv"}},
		{"-manifest of eval", []string{"eval", "-manifest", "x.csv", "m.json", "d.csv"}},
		{"-events-o of rollout", []string{"-grid", "events-o=a b", "rollout", "m.json"}},
		{"-workers of spring", []string{"spring", "-workers", "2"}},
		{"unexpected argument", []string{"spring", "more"}},
		{"- can be read only once", []string{"train", "-"}},
		{"- can be read only once", []string{"train", "-valid=-", "d.csv"}},
		{"-window is for", []string{"train", "-window", "3", "d.csv"}},
	} {
		fails(t, hnn(t, "", append([]string{"sweep", "-out", dir}, c.args...)...), 2, c.want)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a wrong call made the directory")
	}
}

// An interrupted sweep keeps what is finished, and the same call finishes it.
func TestSweepInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("no signals")
	}
	dir := t.TempDir()
	args := func(out string) []string {
		return []string{"sweep", "-out", filepath.Join(dir, out), "-seeds", "6", "-quiet", "spring", "-train", "3", "-test", "2",
			"-duration", "5", "-rollout", "2", "-epochs", "25", "-hidden", "32,32"}
	}
	must(t, args("whole")...)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		name := sig.String()
		cmd := program(args(name)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range 500 {
			if _, err := os.Stat(filepath.Join(dir, name, "points/000000.csv")); err == nil {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if s := cmd.ProcessState.ExitCode(); sig == syscall.SIGINT && s != 130 && s != 0 {
			t.Errorf("status %d after an interrupt", s)
		}
		must(t, args(name)...)
		if sweepFile(t, filepath.Join(dir, name)) != sweepFile(t, filepath.Join(dir, "whole")) {
			t.Errorf("%v: another file than without it", sig)
		}
	}
}

// Every command with scores can be swept, and a point has the scores of the single call.
func TestSweepCommands(t *testing.T) {
	chdir(t)
	for _, c := range []struct{ args, header, point string }{
		{"-grid|holdout=0 0.5|train|-hidden|4|-epochs|2|-patience|5|d.csv", "point,holdout,loss,lowest,lowest_epoch,valid_loss,error", "0,0,"},
		{"-seeds|2|spring|-train|2|-test|2|-duration|3|-rollout|1|-epochs|1|-hidden|4",
			"point,seed,baseline_train,baseline_test,baseline_energy_mse,baseline_max_drift,hnn_train,hnn_test,hnn_energy_mse,hnn_max_drift,error", "0,0,"},
		{"-grid|state=0.5,0 0,1|-grid|rtol=1e-6 1e-3|rollout|-duration|3|m.json", "point,state,rtol,end,H_drift,error", `0,"0.5,0",1e-6,3,`},
		{"-grid|rtol=1e-3 1e-9|eval|m.json|d.csv", "point,rtol,mse,step_rmse,coord_rmse,H_spread,error", "0,1e-3,"},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		must(t, append([]string{"sweep", "-out", dir}, strings.Split(c.args, "|")...)...)
		lines := strings.Split(sweepFile(t, dir), "\n")
		if lines[0] != c.header || !strings.HasPrefix(lines[1], c.point) || len(lines) < 4 {
			t.Errorf("%s:\n%s", c.args, strings.Join(lines, "\n"))
		}
		if strings.Contains(c.args, "holdout") { // which has one score more at its second point
			if a, b := strings.Split(lines[1], ","), strings.Split(lines[2], ","); a[3] == "" || b[3] == "" || a[5] != "" || b[5] == "" || a[4] != "2" || b[4] != "2" && b[4] != "1" {
				t.Errorf("scores of two points under the wrong names:\n%s", strings.Join(lines, "\n"))
			}
		}
		if strings.Contains(c.args, "eval") {
			cells := strings.Split(lines[2], ",")
			rows := strings.Split(strings.TrimSpace(must(t, "eval", "-rtol", "1e-9", "m.json", "d.csv")), "\n")
			all := strings.Split(rows[len(rows)-1], ",")
			if cells[2] != all[2] || cells[3] != all[3] || cells[4] != all[4] || cells[5] != all[9] {
				t.Errorf("sweep %v, eval %v", cells, all)
			}
		}
	}
	// A trajectory that cannot be followed is a result of a point. A wrong call is an error.
	r := hnn(t, "", "sweep", "-grid", "max-eval=5 100000", "rollout", "-duration", "3", "m.json")
	if got := sweepFile(t, "sweep"); r.status != 1 || !strings.Contains(r.errors, "1 of 2 points failed") ||
		!strings.Contains(got, "\n0,5,0,0,integrate: budget of 5 evaluations") || !strings.Contains(got, "\n1,100000,3,") {
		t.Errorf("%+v\n%s", r, got)
	}
	fails(t, hnn(t, "", "sweep", "-out", "other", "-workers", "1", "-grid", "state=1 2", "rollout", "m.json"), 2, "point 0 (-state=1 m.json): -state has 1 numbers")
}

// refuses checks that a sweep is refused, and that sweep.csv is not written.
func refuses(t *testing.T, dir, want string) {
	t.Helper()
	os.Remove(filepath.Join(dir, "sweep.csv"))
	fails(t, sweepInto(t, dir), 1, want)
	if _, err := os.Stat(filepath.Join(dir, "sweep.csv")); err == nil {
		t.Error("sweep.csv was written")
	}
}

// A row of another sweep is no point of this one, however it came there, and neither is one
// that was changed.
func TestSweepForeignPoints(t *testing.T) {
	dir := t.TempDir()
	mine, other := filepath.Join(dir, "mine"), filepath.Join(dir, "other")
	point := func(d string) string { return filepath.Join(d, "points", "000001.csv") }
	sweepInto(t, mine)
	args := []string{"sweep", "-out", other, "-seeds", "2", "-grid", "hidden=6,4 8", "-quiet", "spring", "-train", "3", "-test", "2", "-duration", "5", "-rollout", "2", "-epochs", "3"}
	must(t, args...)
	want, row := sweepFile(t, mine), contents(t, point(mine))

	put(t, filepath.Dir(point(mine)), "000001.csv", string(contents(t, point(other)))) // copied
	refuses(t, mine, "000001.csv is not point 1 of this sweep")

	os.Remove(filepath.Join(other, "sweep.json")) // removed, to make room for this one
	refuses(t, other, "is not point 0 of this sweep")

	s := &sweep{Names: []string{"hidden", "seed"}, points: [][]string{nil, {"6,4", "1"}}, out: mine}
	sum := sha256.Sum256(contents(t, filepath.Join(mine, "sweep.json")))
	s.id = hex.EncodeToString(sum[:])
	var names, cells []string
	var err error
	for i := -1; i < 8*len(row); i += 7 { // all would take too long
		b := slices.Clone(row)
		if i >= 0 {
			b[i/8] ^= 1 << (i % 8)
		}
		put(t, filepath.Dir(point(mine)), "000001.csv", string(b))
		n, c, e := s.load(1)
		if i < 0 {
			if names, cells, err = n, c, e; err != nil || len(names) != 12 || len(cells) != 12 {
				t.Fatal(names, cells, err)
			}
		} else if e == nil && fmt.Sprint(n, c) != fmt.Sprint(names, cells) {
			t.Errorf("with bit %d changed: %q %q", i, n, c)
		}
	}
	put(t, filepath.Dir(point(mine)), "000001.csv", string(row[:len(row)/2]))
	refuses(t, mine, "000001.csv is not point 1 of this sweep")
	os.Remove(point(mine))
	if r := sweepInto(t, mine); r.status != 0 || sweepFile(t, mine) != want {
		t.Errorf("%+v", r)
	}
}

// Of two sweeps that begin at once in a new directory one is refused; shards of one sweep are
// not.
func TestSweepTogether(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	sweepInto(t, whole)
	for i := range 3 {
		out := filepath.Join(dir, fmt.Sprint(i))
		var cmds []*exec.Cmd
		var says []*bytes.Buffer
		for _, c := range [][]string{{"2", "1/2"}, {"2", "2/2"}, {"3", "1/2"}, {"3", "2/2"}} {
			cmd := program("sweep", "-out", out, "-seeds", "2", "-grid", "hidden=6,4 8", "-quiet", "-shard", c[1],
				"spring", "-train", "3", "-test", "2", "-duration", "5", "-rollout", "2", "-epochs", c[0])
			says = append(says, new(bytes.Buffer))
			cmd.Stderr = says[len(says)-1]
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			cmds = append(cmds, cmd)
		}
		var refused []int
		for k, cmd := range cmds {
			if cmd.Wait() != nil {
				if refused = append(refused, k); !strings.Contains(says[k].String(), "describes another sweep") {
					t.Error(says[k].String())
				}
			}
		}
		if fmt.Sprint(refused) != "[0 1]" && fmt.Sprint(refused) != "[2 3]" {
			t.Errorf("refused %v: want both shards of one sweep", refused)
		}
		if len(refused) > 0 && refused[0] == 2 && sweepFile(t, out) != sweepFile(t, whole) {
			t.Error("another file than without the other sweep")
		}
	}
}

// A file that is replaced while a sweep runs ends it, and no row mixes the two.
func TestSweepInputReplaced(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, seed := range []string{"1", "2"} {
		must(t, "simulate", "-n", "2", "-duration", "5", "-seed", seed, "-o", path(seed+".csv"))
	}
	if err := os.Rename(path("1.csv"), path("d.csv")); err != nil {
		t.Fatal(err)
	}
	out := path("out")
	cmd := program("sweep", "-out", out, "-workers", "1", "-seeds", "1000", "-quiet", "train", "-hidden", "8", "-epochs", "20", path("d.csv"))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		if _, err := os.Stat(filepath.Join(out, "points/000000.csv")); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := os.Rename(path("2.csv"), path("d.csv")); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(errs.String(), "d.csv has changed since the sweep began") || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("status %d: %s", cmd.ProcessState.ExitCode(), errs.String())
	}
}
