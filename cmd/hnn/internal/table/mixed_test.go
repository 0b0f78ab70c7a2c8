package table

import (
	"fmt"
	"strings"
	"testing"
)

// A mixed table has texts, numbers and gaps, also within one column.
func TestMixed(t *testing.T) {
	x, err := ReadMixed("m.csv", strings.NewReader("run,model,q\n0,hnn,1.5\n1,true,\nall,hnn,nan\n3,-,1e999\n,4,-2\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range x.Header {
		col, err := x.Col(name)
		got = append(got, fmt.Sprint(col, err, x.Texts(name)))
		for r := range x.Rows() {
			got = append(got, x.Text(r, name))
		}
	}
	want := "[0 1 NaN 3 NaN] <nil> true|0|1|all|3||[NaN NaN NaN NaN 4] <nil> true|hnn|true|hnn|-|4|[1.5 NaN NaN NaN -2] <nil> false|1.5||||-2"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if _, err := x.Col("E"); err == nil || err.Error() != "m.csv: missing column E (found run, model, q)" {
		t.Error(err)
	}
	for text, want := range map[string]string{"": "m.csv: empty, expected a header", "a,b\n": "m.csv: no data rows", "a,b\n1\n": "m.csv:2: 1 fields"} {
		if _, err := ReadMixed("m.csv", strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Names have no units, unless two columns would have one name.
func TestNames(t *testing.T) {
	x, err := ReadMixed("m.csv", strings.NewReader("t [ms],q,q [m],p [m],p [mm],f(x)\n1,2,3,4,5,6\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(x.Names(), ","); got != "t,q,q [m],p [m],p [mm],f(x)" {
		t.Error(got)
	}
}
