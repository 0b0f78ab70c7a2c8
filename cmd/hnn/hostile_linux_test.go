package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"hnn/cmd/hnn/internal/flags"
)

// hostileCall is one random call: its arguments, and the files that it names as outputs.
type hostileCall struct {
	args  []string
	stdin string
	outs  []string // all that it may write
	must  []string // what has to be there if it succeeds
	help  bool
}

// absurd are values that somebody, or a script that went wrong, gives to a flag.
var absurd = []string{
	"", "0", "1", "2", "3", "-1", "0.1", "0.5", "1e308", "-1e308", "1e-320", "1e9", "NaN", "Inf", "-inf", "1e999", "0x1p3", "1_0",
	"1000000000", "9223372036854775807", "99999999999999999999999", "4294967296", "16777216", "100000", "1000",
	"\x1b[31mred", "\xff\xfe", "a\nb", "‮abc", "q", "p", "q,p", "x,y", ",", "1,", "1,2", "0,0", "-1e308,1e308", "1,0", "nan,1",
	"lr=1 2", "seed=0 1", "epochs=1 2", "hidden=2 3", "=", "q=0", "q=0:up", "q=1e400", "p=0:sideways", "%s%n%d", "true", "false", "m=2", "m=0", "k=-1", "m=1e308",
	"pendulum", "kepler", "double-pendulum", "henon-heiles", "RK45", "Leapfrog", "DOP853", "GaussLegendre4", "tanh", "sin", "nextstate", "baseline", "step", "adam", "adam,sgd",
	"p^2/2", "p^2/2+q^4", "1/(q-q)", "log(q-q-1)", "q^q^q^q", "((((((((((q", "exp(exp(exp(q)))*p", "sqrt(-1)*p", "1/0", "q*1e308*1e308",
	"1/2", "2/2", "0/0", "1/1000000000", "central", "smooth", "midpoint", "paper", "1M", "100M", "4,4", "1000000000,1000000000", "1,1,1,1,1,1,1,1,1,1",
	strings.Repeat("9", 5000), strings.Repeat("(", 5000), strings.Repeat("1,", 3000) + "1",
}

// hostileFiles makes a directory of files that are right, damaged or no files at all, and
// returns their names, those that are right first.
func hostileFiles(t *testing.T, dir string) (names []string) {
	t.Helper()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-n", "2", "-duration", "5", "-noise", "0.05", "-manifest", path("sim.m"), "-o", path("data.csv"))
	for _, kind := range []string{"hnn", "nextstate"} {
		must(t, "train", "-quiet", "-kind", kind, "-hidden", "4", "-epochs", "2", "-checkpoint", path(kind+".ckpt"), "-manifest", path(kind+".m"), "-o", path(kind+".json"), path("data.csv"))
	}
	for _, name := range []string{"data.csv", "hnn.json", "nextstate.json", "hnn.ckpt", "sim.m", "hnn.m"} {
		names = append(names, path(name))
	}
	src := rand.New(rand.NewPCG(7, 7))
	for _, name := range names[:6] {
		b := contents(t, name)
		flipped := bytes.Clone(b)
		flipped[src.IntN(len(b))] ^= 1 << src.IntN(8)
		for kind, c := range map[string][]byte{"cut": b[:src.IntN(len(b))], "flip": flipped, "twice": append(bytes.Clone(b), b...)} {
			names = append(names, put(t, dir, kind+"-"+filepath.Base(name), string(c)))
		}
	}
	names = append(names,
		put(t, dir, "empty", ""), put(t, dir, "nul", "\x00\x00\x00"), put(t, dir, "deep", strings.Repeat("[", 100_000)),
		put(t, dir, "head.csv", "t,q,p\n"), put(t, dir, "large.csv", "t,q,p\n0,1e308,1\n1,-1e308,1\n2,1e308,2\n"),
		put(t, dir, "rest.csv", "t,q,p\n0,1,1\n1,1,1\n2,1,1\n3,1,1\n"), put(t, dir, "times.csv", "t,q,p\n-1.7e308,1,1\n0,2,1\n1.7e308,1,3\n"),
		put(t, dir, "a\x1b[31mb.csv", "t,q,p\n0,x,1\n"), dir, path("none"), "-", "/dev/null", "/dev/zero")
	slices.Sort(names[6:])
	return names
}

// newHostile makes the call of the given number.
func newHostile(i int, names []string, out string) hostileCall {
	src := rand.New(rand.NewPCG(2, uint64(i)))
	pick := func(from []string) string { return from[src.IntN(len(from))] }
	file := func() string {
		if src.IntN(3) > 0 {
			return pick(names[:6])
		}
		return pick(names)
	}
	var c hostileCall
	all := commands()
	cmd := all[src.IntN(len(all))]
	if cmd.name == "verify" && src.IntN(4) > 0 { // nothing in it varies
		cmd = all[src.IntN(len(all)-2)]
	}
	switch src.IntN(40) {
	case 0:
		c.args = []string{pick(absurd)}
	case 1:
		c.args, c.help = []string{"help", cmd.name}, true
	default:
		c.args = []string{cmd.name}
	}
	f := newJob(cmd).flags
	var flagNames []string
	f.VisitAll(func(fl *flag.Flag) { flagNames = append(flagNames, fl.Name) })
	output := func(name string, required bool) string {
		to := pick([]string{filepath.Join(out, name), filepath.Join(out, name), "-", "/dev/full", "/dev/null", filepath.Join(out, "none", "x"), pick(names), out})
		c.outs = append(c.outs, to)
		if required && strings.HasPrefix(to, out+"/") {
			c.must = append(c.must, to)
		}
		return to
	}
	some, wrong := src.IntN(3), 0 // in most calls one value is absurd at most, lest all end as wrong calls
	give := func(name string) {
		value := f.Lookup(name).DefValue
		if wrong++; wrong == 1 || some == 0 {
			value = pick(absurd)
		} else if value == "" && f.Role(name) == flags.Setting {
			return
		}
		switch role := f.Role(name); {
		case role == flags.Output:
			value = output(name, true)
		case role == flags.OutDir, name == "out", name == "checkpoint", cmd.name == "bench" && name == "o":
			value = output(name, cmd.name == "bench")
		case role == flags.Input:
			value = file()
		case name == "peer":
			value = pick([]string{"false", "cat", "/none/at/all", "true", "", " ", "printf \\x1b[31m"})
		case name == "max-memory":
			value = pick([]string{"32M", "100M", "2G", "x", "", "-1", "1e30"})
		}
		c.args = append(c.args, "-"+name+"="+value)
	}
	for range src.IntN(5) {
		give(pick(flagNames))
	}
	if f.Lookup("hidden") != nil && src.IntN(2) == 0 {
		c.args = append(c.args, "-hidden=2", "-epochs=1")
	}
	switch cmd.name {
	case "rollout", "field", "replay":
		c.args = append(c.args, file())
	case "train":
		c.args = append(c.args, file())
	case "eval":
		c.args = append(c.args, file(), file())
	case "sweep":
		c.args = append(c.args, pick([]string{"spring", "train", "rollout", "eval", "sweep", "x"}), pick([]string{"-epochs=1", "-hidden=2", "-train=1", "-h"}), file())
	}
	if src.IntN(20) == 0 {
		c.args = append(c.args, pick(absurd))
	}
	// A command that is not given where to write writes into the present directory.
	if f.Lookup("out") != nil {
		at := 1
		for _, a := range c.args {
			c.help = c.help || strings.HasPrefix(a, "-out=")
		}
		if !c.help && c.args[0] == cmd.name {
			c.outs = append(c.outs, filepath.Join(out, "d"))
			c.args = slices.Insert(c.args, at, "-out="+filepath.Join(out, "d"))
		}
	}
	c.stdin = pick([]string{"", "t,q,p\n0,1,0\n1,0,1\n2,-1,0\n", "\x00", "{}", string([]byte{0xff})})
	for _, a := range c.args {
		// Arguments end at the first 0, as the system has it.
		c.help = c.help || a == "-h" || a == "-help" || a == "--help"
	}
	return c
}

var traces = regexp.MustCompile(`goroutine \d|fatal error|panic:|runtime error|SIGSEGV|%!`)

// run makes the call, and reports what must never come of one.
func (c hostileCall) run(t *testing.T, dir string, patience time.Duration) (status int, wrong []string) {
	t.Helper()
	before := tree(t, dir)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	// 4 GB of addresses, of which Go's runtime reserves one and a half.
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", `ulimit -v 4000000; exec "$0" "$@"`, os.Args[0]}, c.args...)...)
	cmd.Env, cmd.Dir = append(os.Environ(), "HNN_TEST_MAIN=1"), dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.stdin), &out, &errs
	cmd.Run()
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	status = cmd.ProcessState.ExitCode()
	if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signaled() && s.Signal() != syscall.SIGINT { // ours, before the program could catch it
		bad("ended by signal %v", s.Signal())
	} else if !s.Signaled() && !slices.Contains([]int{0, 1, 2, 130}, status) {
		bad("status %d", status)
	}
	if traces.Match(errs.Bytes()) || traces.Match(out.Bytes()) {
		bad("a trace: %.600s", errs.String())
	}
	if status == 1 && strings.TrimSpace(errs.String()) == "" || status == 2 && errs.Len() == 0 {
		bad("status %d without a word", status)
	}
	for _, line := range strings.Split(errs.String(), "\n") {
		if utf8.RuneCountInString(line) > 600 && !strings.Contains(c.args[0], "verify") {
			bad("a line of %d characters: %.100s…", utf8.RuneCountInString(line), line)
		}
	}
	for _, s := range []string{errs.String(), out.String()} {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }) {
			bad("what is not printable: %.300q", s)
		}
	}
	after := tree(t, dir)
	for name := range after {
		if strings.Contains(filepath.Base(name), ".tmp") {
			bad("left %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(mapUnion(before, after))) {
		named := slices.ContainsFunc(c.outs, func(o string) bool {
			if !filepath.IsAbs(o) {
				o = filepath.Join(dir, o)
			}
			return name == o || strings.HasPrefix(name, o+"/") && o != dir
		})
		if before[name] != after[name] && !named {
			bad("%s has changed", name)
		}
	}
	if status == 0 && !c.help {
		for _, name := range c.must {
			if info, err := os.Stat(name); err != nil || info.Size() == 0 {
				bad("success without %s", name)
			}
		}
	}
	return status, wrong
}

func mapUnion(a, b map[string]string) map[string]string {
	c := maps.Clone(a)
	maps.Copy(c, b)
	return c
}

// Random calls, made of flags, absurd values and damaged files, end with a status and a
// word, in little memory; they write what they name, and nothing else. A call that takes
// long is interrupted. -long makes 2000 of them.
func TestHostileCalls(t *testing.T) {
	calls, patience := 40, 300*time.Millisecond
	if *long {
		calls, patience = 2000, time.Second
	}
	dir := t.TempDir()
	names := hostileFiles(t, dir)
	keep := map[string][]byte{}
	for name := range tree(t, dir) {
		keep[name] = contents(t, name)
	}
	statuses := map[int]int{}
	for i := range calls {
		out := filepath.Join(dir, fmt.Sprintf("out%d", i))
		if err := os.Mkdir(out, 0o755); err != nil {
			t.Fatal(err)
		}
		c := newHostile(i, names, out)
		if slices.ContainsFunc(c.args, func(a string) bool { return strings.Contains(a, "\x00") }) {
			continue
		}
		status, wrong := c.run(t, dir, patience)
		statuses[status]++
		for _, w := range wrong {
			t.Errorf("call %d, hnn %.500q: %s", i, c.args, w)
		}
		os.RemoveAll(out)
		for name, b := range keep { // an output may have replaced it
			if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, b) {
				os.RemoveAll(name)
				if err := os.WriteFile(name, b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	t.Logf("calls by exit status: %v", statuses)
}

// Trajectories are written as they are computed, in memory that does not grow with their
// number.
func TestSimulateStreams(t *testing.T) {
	peak := func(n string) int64 {
		cmd := program("simulate", "-method", "Leapfrog", "-n", n, "-duration", "1000", "-o", os.DevNull)
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		return int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) >> 10
	}
	// The peak of a process counts that of its parent, this one, at the start. Kept, the
	// trajectories would need another 150 MiB.
	if one, many := peak("2"), peak("150"); many > one+24 {
		t.Errorf("%d MiB for 2 trajectories, %d for 150", one, many)
	}
}

// Where a report cannot be written, or standard output is closed, the exit status says so.
func TestReportsNeedRoom(t *testing.T) {
	dir := trainData(t)
	m := filepath.Join(dir, "m")
	must(t, "simulate", "-n", "1", "-duration", "1", "-o", filepath.Join(dir, "o.csv"), "-manifest", m)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range [][]string{{"-h"}, {"help"}, {"help", "train"}, {"train", "-h"}, {"version"}, {"verify"}, {"verify", "-json"}, {"bench", "-quick", "-only", "^tanh$"}, {"replay", m},
		{"simulate"}, {"field", "-points", "3"}} {
		if args[0] == "verify" && len(args) > 1 && !*long { // it does all its checks first
			continue
		}
		var errs bytes.Buffer
		cmd := program(args...)
		cmd.Stdout, cmd.Stderr = full, &errs
		cmd.Run()
		if s := cmd.ProcessState.ExitCode(); s != 1 || !strings.Contains(errs.String(), "no space left on device") || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("hnn %v: status %d: %s", args, s, errs.String())
		}
	}
	closed := func(call string) result {
		var errs bytes.Buffer
		cmd := exec.Command("/bin/sh", "-c", `"$0" `+call, os.Args[0])
		cmd.Env, cmd.Stderr = append(os.Environ(), "HNN_TEST_MAIN=1"), &errs
		cmd.Run()
		return result{cmd.ProcessState.ExitCode(), "", errs.String()}
	}
	fails(t, closed("simulate >&-"), 1, "standard output is closed")
	fails(t, closed("field -points 3 >&-"), 1, "standard output is closed")
	for _, call := range []string{"-h >&-", "help train >&-", "train -h >&-", "version >&-", "bench -quick -only '^tanh$' >&-", "replay '" + m + "' >&-"} {
		fails(t, closed(call), 1, "standard output is closed")
	}
	for _, call := range []string{"simulate > /dev/null", "simulate -o /dev/null >&-", "help > /dev/null"} {
		if r := closed(call); r.status != 0 {
			t.Errorf("%s: %+v", call, r)
		}
	}
}

// A result whose file is mounted by itself, which no other file can replace, is written into
// it; a file of another owner keeps that owner.
func TestMountedOutput(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may mount and give away")
	}
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"train", "-quiet", "-hidden", "2", "-epochs", "3", "-seed", "1", "-o"}
	must(t, append(args, path("want.json"), path("data.csv"))...)

	old := put(t, dir, "owned.json", "old")
	if err := os.Chmod(old, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(old, 65534, 65533); err != nil {
		t.Fatal(err)
	}
	must(t, append(args, old, path("data.csv"))...)
	info, err := os.Stat(old)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 65534 || s.Gid != 65533 || info.Mode() != 0o640 {
		t.Errorf("owner %d, group %d, mode %v", s.Uid, s.Gid, info.Mode())
	}

	from, to := put(t, dir, "from", "old"), put(t, dir, "to.json", "")
	if err := syscall.Mount(from, to, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	defer syscall.Unmount(to, syscall.MNT_DETACH)
	r := hnn(t, "", append(args, to, path("data.csv"))...)
	if r.status != 0 || !strings.Contains(r.errors, "hnn: warning: "+to+" could not be replaced (device or resource busy) and was overwritten\n") {
		t.Errorf("%+v", r)
	}
	if !bytes.Equal(contents(t, from), contents(t, path("want.json"))) {
		t.Error("another model")
	}
	for name := range tree(t, dir) {
		if strings.HasSuffix(name, ".tmp") {
			t.Errorf("left %s", name)
		}
	}
}
