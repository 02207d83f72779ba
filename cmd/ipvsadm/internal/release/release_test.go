// SPDX-License-Identifier: Apache-2.0

package release

import "testing"

func TestVersionOfModule(t *testing.T) {
	for _, test := range []struct{ module, version, date string }{
		{"(devel)", Version, Date},
		{"", Version, Date},
		{"v0.3.0", "0.3.0", Date},
		{"v0.3.0-rc1", "0.3.0-rc1", Date},
		{"v0.3.1-0.20270102030405-0123456789ab", "0.3.1-0.20270102030405-0123456789ab", "2027-01-02"},
		{"v0.3.1-0.20270102030405-0123456789ab+dirty", "0.3.1-0.20270102030405-0123456789ab+dirty", "2027-01-02"},
		{"v0.0.0-20270102030405-0123456789ab", Version + "-20270102030405-0123456789ab", "2027-01-02"},
	} {
		version, date := ofModule(test.module)
		if version != test.version || date != test.date {
			t.Errorf("module version %q: %s of %s, want %s of %s", test.module, version, date, test.version, test.date)
		}
	}
}

func TestLinkerDecidesVersion(t *testing.T) {
	linkedVersion, linkedDate = "9.8.7", "2030-01-02"
	defer func() { linkedVersion, linkedDate = "", "" }()
	if version, date := Running(); version != "9.8.7" || date != "2030-01-02" {
		t.Errorf("%s of %s, want what the linker set", version, date)
	}
}
