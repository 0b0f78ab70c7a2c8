package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/table"
)

// A field that carries a model out of all that it knows, or to no number at all, ends with
// an error that says when, and with the rows up to there.
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
		rows, err := table.ReadFile(path(name + ".csv"))
		if err != nil {
			t.Fatal(err)
		}
		if q, err := rows.Col("q"); err != nil || q[0] != 1 {
			t.Error(q, err)
		}
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

// covered names, for each class of testdata/robustness_cases.json, the tests that hold it.
var covered = map[string]string{
	"csv_nan_inf": "TestReadErrors TestBadData", "csv_go_number_syntax": "TestReadErrors", "csv_spaces": "TestReadAccepts",
	"csv_decimal_comma": "TestReadErrors", "csv_ragged": "TestReadErrors TestBadData", "csv_bom": "TestReadAccepts TestReadErrors",
	"csv_crlf_cr": "TestReadAccepts TestReadErrors", "csv_empty": "TestReadErrors TestBadData", "csv_header": "TestReadErrors TestColumns TestBadData",
	"csv_quotes_nul_utf8": "TestReadErrors", "csv_huge": "TestLargeFiles TestLongLine TestManyCells",
	"csv_constant_or_duplicate_t": "TestBadData", "csv_odd_columns": "TestBadData", "csv_roundtrip": "TestRoundTrip", "csv_fuzz": "FuzzReadCSV",

	"model_truncated": "TestDamagedModel", "model_bitflip": "TestDamagedModel", "model_trailing": "TestLoadRefuses", "model_dup_and_case": "TestLoadRefuses",
	"model_nonfinite": "TestLoadRefuses TestSaveRefuses", "model_shapes": "TestLoadRefuses TestNewMLPRefuses", "model_huge_declared": "TestHugeModel TestLoadRefuses",
	"model_wrong_kind": "TestWrongKindOfModel TestBadModels TestLoadRefuses", "model_roundtrip": "TestModelRoundTrip TestCheckpointFile", "model_fuzz": "FuzzLoadModel",

	"out_dev_full": "TestFullAndClosed TestDevFull", "out_disk_full_midway": "TestFullDisk", "out_sigpipe": "TestFullAndClosed",
	"out_unwritable": "TestUnwritable TestWritable", "out_overwrite": "TestCommit TestSymlink TestHardLink TestMode TestSameFile",
	"out_stdout_clean": "TestStdout TestWriterEmpty", "out_locale": "TestSpringSameBytes", "out_no_nan": "TestWriterErrors TestBlowup",

	"sig_int_train": "TestResume", "sig_resume_exact": "TestResume", "sig_kill9_checkpoint": "TestResume", "sig_two_writers": "TestTwoWriters",
	"sig_stop_cont": "TestStopContinue",

	"flag_numbers": "TestWrongCalls", "flag_dt_sign": "TestWrongCalls TestArguments TestTrivial", "flag_unknown": "TestWrongCalls",
	"flag_help_version": "TestHelp", "flag_conflict": "TestResumeRefuses",

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
