package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
)

// A rollout that ends far outside the data, or with a number that is not finite, writes the rows
// up to there. Its error says when that was.
func TestBlowup(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	model := func(weight string) string {
		return fmt.Sprintf(`{"format": "hnn model", "version": 1, "kind": "derivative", "activation": "softplus",
			"layers": [{"w": [[%s, 0], [0, 1]], "b": [0, 0]}, {"w": [[%s, 0], [1, 1]]}]}`, weight, weight)
	}
	for name, c := range map[string]struct{ weight, want string }{
		"grows": {"30", "at t="}, "large": {"1e300", "t=0"},
	} {
		if err := os.WriteFile(path(name+".json"), []byte(model(c.weight)), 0o644); err != nil {
			t.Fatal(err)
		}
		r := hnn(t, "", "rollout", "-state", "1,1", "-duration", "1e6", "-o", path(name+".csv"), path(name+".json"))
		fails(t, r, 1, c.want)
		if name == "large" { // not even the first derivative is a number
			continue
		}
		rows, err := table.ReadFile(t.Context(), path(name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		if q, err := rows.Col("q"); err != nil || q[0] != 1 {
			t.Error(q, err)
		}
	}
}

// A field that is not finite at the start, or that may not be evaluated often enough for a
// first step, is an error of one line; the file has its header.
func TestNoFirstState(t *testing.T) {
	chdir(t)
	put(t, ".", "large", `{"format": "hnn model", "version": 1, "kind": "hnn", "activation": "softplus",
		"layers": [{"w": [[1e300, 0], [0, 1]], "b": [0, 0]}, {"w": [[1e300, 1]]}]}`)
	for _, c := range []struct{ args, want string }{
		{"-dt 0.1 -max-eval 1 m.json", "budget of 1 evaluations"},
		{"-dt 0.1 -max-eval 5 m.json", "budget of 5 evaluations"},
		{"-dt 0 -max-eval 1 m.json", "budget of 1 evaluations"},
		{"-state 1,1 -dt 0.1 large", "is -Inf"},
		{"-state 1,1 -dt 0.1 -method RK4 large", "is -Inf"},
		{"-state 1,1 -dt 0.1 -method GaussLegendre4 large", "is -Inf"},
		{"-state 1,1 -events q=0 -events-o e.csv large", "is -Inf"},
	} {
		r := hnn(t, "", append([]string{"rollout", "-o", "x.csv"}, strings.Fields(c.args)...)...)
		fails(t, r, 1, c.want)
		if text := string(contents(t, "x.csv")); !strings.HasPrefix(text, "t,q,p,H\n") {
			t.Errorf("%s: %q", c.args, text)
		}
	}
}

// An error in the program itself is one line too, and says where it is.
func TestPanic(t *testing.T) {
	j := newJob(command{name: "x", define: func(f *flags.Set) check {
		return func() (run, error) {
			return func(*env) error { return []error{nil}[len(f.Args())+1] }, nil
		}
	}})
	if err := j.parse(nil); err != nil {
		t.Fatal(err)
	}
	err := j.do(&env{ctx: t.Context()})
	if err == nil || !regexp.MustCompile(`^an error in this program, at robust_test\.go:\d+: runtime error: index out of range \[1\] with length 1$`).MatchString(err.Error()) {
		t.Error(err)
	}
}

// A table of very many columns takes no longer than one of as many rows.
func TestManyColumns(t *testing.T) {
	const n = 20_000
	var q, p, row []string
	for i := range n {
		q, p = append(q, fmt.Sprint("q", i)), append(p, fmt.Sprint("p", i))
		row = append(row, "1", "2")
	}
	text := strings.Join(q, ",") + "," + strings.Join(p, ",") + "\n" + strings.Join(row, ",") + "\n"
	name := put(t, t.TempDir(), "d.csv", text)
	start := time.Now()
	s, err := readStates(t.Context(), name, columns{t: "t", run: "run"})
	if err != nil || s.X.Cols != 2*n || s.DX != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 6*time.Second { // by a search for each name it was 13 s
		t.Errorf("read in %v", took)
	}
}

// A file is found wrong for what it is, wherever a model is wanted.
func TestWrongKindOfModel(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	data := filepath.Join(trainData(t), "data.csv")
	must(t, "train", "-quiet", "-hidden", "4", "-epochs", "1", "-checkpoint", path("c"), "-kind", "nextstate", "-o", path("next.json"), data)
	if err := os.WriteFile(path("empty"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", "rollout", path("c")), 1, "c: nn: load: ")
	fails(t, hnn(t, "", "rollout", path("empty")), 1, "ends too early")
	fails(t, hnn(t, "", "train", "-resume", path("next.json"), "-o", path("m.json"), data), 1, "not an hnn checkpoint file: its format is \"hnn model\"")
	fails(t, hnn(t, "", "rollout", "-method", "RK4", "-dt", "0.1", path("next.json")), 2, "nextstate")
}

// covered names the tests of each class of testdata/robustness_cases.json.
var covered = map[string]string{
	"csv_nan_inf": "TestReadErrors TestBadData", "csv_go_number_syntax": "TestReadErrors", "csv_spaces": "TestReadAccepts",
	"csv_decimal_comma": "TestReadErrors", "csv_ragged": "TestReadErrors TestBadData", "csv_bom": "TestReadAccepts TestReadErrors",
	"csv_crlf_cr": "TestReadAccepts TestReadErrors", "csv_empty": "TestReadErrors TestBadData", "csv_header": "TestReadErrors TestColumns TestBadData",
	"csv_quotes_nul_utf8": "TestReadErrors", "csv_huge": "TestLargeFiles TestLongLine TestManyCells",
	"csv_constant_or_duplicate_t": "TestBadData", "csv_odd_columns": "TestBadData", "csv_many_columns": "TestManyColumns", "csv_roundtrip": "TestRoundTrip", "csv_fuzz": "FuzzReadCSV",

	"model_truncated": "TestDamagedModel", "model_bitflip": "TestDamagedModel", "model_trailing": "TestLoadRefuses", "model_dup_and_case": "TestLoadRefuses",
	"model_nonfinite": "TestLoadRefuses TestSaveRefuses", "model_shapes": "TestLoadRefuses TestNewMLPRefuses", "model_huge_declared": "TestHugeModel TestLoadRefuses",
	"model_wrong_kind": "TestWrongKindOfModel TestBadModels TestLoadRefuses", "model_roundtrip": "TestModelRoundTrip TestCheckpointFile", "model_fuzz": "FuzzLoadModel",

	"out_dev_full": "TestFullAndClosed TestDevFull", "out_disk_full_midway": "TestFullDisk", "out_sigpipe": "TestFullAndClosed",
	"out_unwritable": "TestUnwritable TestWritable", "out_overwrite": "TestCommit TestSymlink TestHardLink TestMode TestSameFile",
	"out_stdout_clean": "TestStdout TestWriterEmpty", "out_locale": "TestSpringSameBytes", "out_no_nan": "TestWriterErrors TestBlowup",

	"sig_int_train": "TestResume", "sig_resume_exact": "TestResume", "sig_kill9_checkpoint": "TestResume", "sig_two_writers": "TestTwoWriters",
	"sig_stop_cont": "TestStopContinue", "sig_status": "TestSignals TestResume", "sig_anywhere": "TestSignals TestTableInterrupted TestBenchInterrupt", "sig_random": "TestRandomInterrupts",
	"out_twenty_runs": "TestConcurrentRuns TestManifestOfReplaced", "out_dir_held": "TestHold",

	"flag_numbers": "TestWrongCalls", "flag_dt_sign": "TestWrongCalls TestArguments TestTrivial", "flag_unknown": "TestWrongCalls",
	"flag_help_version": "TestHelp", "flag_conflict": "TestResumeRefuses",

	"replay_flags": "TestReplayRefuses", "replay_listed": "TestReplayVerdicts TestReplayRefuses TestReplayChangesNothing", "replay_strict": "TestReplayRefuses",
	"replay_kept": "TestReplayChangesNothing TestReplayVerdicts", "sweep_foreign": "TestSweepForeignPoints", "sweep_together": "TestSweepTogether",
	"sweep_replaced": "TestSweepInputReplaced", "crash_first_state": "TestNoFirstState", "crash_help": "TestHelp", "crash_panic": "TestPanic",

	"num_divergence": "TestDivergence TestFitStops TestBadData", "num_model_blowup": "TestBlowup TestFailures", "num_stiff": "TestStiff TestBudget",
	"num_nan_rhs": "TestFailures TestNonFinite", "num_small_large": "TestExtremeStates", "num_atol0": "TestExtremeStates",

	"lib_race": "TestConcurrentUse TestConcurrentPlans", "lib_determinism": "TestSpringSameBytes TestWorkersChangeNothing", "lib_determinism_build": "TestSameBits TestBits",
	"lib_no_globals": "TestConcurrentTrainings", "lib_aliasing": "TestNothingLeft TestScribble TestLeafIsWindow", "lib_nil_zero": "TestNothingGiven TestArguments",
	"lib_context": "TestFitStops TestCancel TestInterrupt", "lib_leaks": "TestNothingLeft TestSteadyMemory", "lib_errors": "TestFailures TestFitRefuses",
	"lib_zero_dep": ".ci/run", "lib_32bit": ".ci/determinism", "lib_offline": "TestOffline",

	"mem_estimate":       "TestMemoryRefused TestWideModel TestNewMLPRefuses TestManyCells",
	"mem_stream":         "TestSimulateStreams",
	"out_cannot_replace": "TestOverwrite TestMountedOutput TestCommitFails",
	"out_report_full":    "TestReportsNeedRoom TestFullAndClosed",
	"out_owner_mode":     "TestMountedOutput TestMode",
	"out_is_input":       "TestInputsKept TestSameFile",
	"file_bitflip":       "TestFlippedBits TestFlippedManifest TestFlippedSweep",
	"file_absurd_state":  "TestCheckpointFile TestNothingGiven TestSaveRefuses",
	"file_fuzz":          "FuzzManifest FuzzSweepFiles",
	"words_control":      "TestPlainWords",
	"words_short":        "TestPlainWords",
	"words_overflow":     "TestNothingGiven TestScalingRefuses TestSimulateWrongCalls TestFewAndHuge",
	"lib_misuse":         "TestMisuse TestNothingGiven TestArguments TestParallel TestParallelPanic",
	"kernels_limited":    "TestGodebug TestVerify",
	"hostile_calls":      "TestHostileCalls",
}

// Every class of fault has a test, and the test exists.
func TestEveryFaultIsCovered(t *testing.T) {
	b, err := os.ReadFile("../../testdata/robustness_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []struct{ ID string } }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != len(covered) {
		t.Errorf("%d classes, %d covered", len(file.Cases), len(covered))
	}
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (\w+)\(\w+ \*testing\.[TF]\)`)
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(b, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		names := strings.Fields(covered[c.ID])
		if len(names) == 0 {
			t.Errorf("%s: no test", c.ID)
		}
		for _, name := range names {
			if _, err := os.Stat("../../" + name); !tests[name] && err != nil {
				t.Errorf("%s: no %s", c.ID, name)
			}
		}
	}
}

// A table that is being written when an interrupt comes is not written to its end: the old
// file stays.
func TestTableInterrupted(t *testing.T) {
	name := put(t, t.TempDir(), "x.csv", "old\n")
	ctx, cancel := context.WithCancel(t.Context())
	e := &env{ctx: ctx}
	write := func() error {
		return e.writeTable(name, []string{"n"}, func(w *table.Writer) {
			for i := range 100_000 {
				w.Int(i)
				w.End()
				if i == 50_000 {
					cancel()
				}
			}
		})
	}
	if err := write(); !errors.Is(err, context.Canceled) || string(contents(t, name)) != "old\n" {
		t.Error(err)
	}
	e.ctx = t.Context()
	if err := write(); err != nil || len(contents(t, name)) < 500_000 {
		t.Error(err)
	}
	if left := files(t, filepath.Dir(name)); len(left) != 1 {
		t.Errorf("left %d files", len(left))
	}
}
