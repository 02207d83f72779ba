// SPDX-License-Identifier: Apache-2.0

package format

import "strconv"

// Form is the form of a listing. The zero value is the form of the original ipvsadm.
type Form int

// The forms.
const (
	ClassicForm Form = iota
	JSONForm
	TableForm
	PrometheusForm
)

var formNames = [...]string{ClassicForm: "classic", JSONForm: "json", TableForm: "table", PrometheusForm: "prometheus"}

// FormNames are the values of --output, in the order of the forms.
func FormNames() []string { return formNames[:] }

// ParseForm finds a form by its name.
func ParseForm(name string) (form Form, ok bool) {
	for form, known := range formNames {
		if known == name {
			return Form(form), true
		}
	}
	return 0, false
}

// String is the form's name, or the number of any other.
func (f Form) String() string {
	if f < 0 || int(f) >= len(formNames) {
		return strconv.Itoa(int(f))
	}
	return formNames[f]
}
