// SPDX-License-Identifier: Apache-2.0

package setup

import "testing"

const timer = "root/etc/systemd/system/ipvsadm-metrics.timer"

func (m *machine) withPrefix(target, prefix string) result {
	return m.run("make", target, "DESTDIR="+m.top+"/root", "DISTRIBUTION=debian", "PREFIX="+prefix)
}

func TestInstallNamesUnitsThatHideNewOnes(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
	m.change("sysconfig/ipvsadm.service", "Rules of the", "The rules of the")
	got := m.withPrefix("install", "/usr")
	got.mustFail(t, 0)
	got.mustSay(t, "install.sh: systemd prefers these units to the new ones in "+m.top+"/root/usr/lib/systemd/system:\n  "+
		m.top+"/"+unit+"\n  "+m.top+"/root/etc/systemd/system/ipvsadm-metrics.service\n  "+m.top+"/"+timer+"\n")
	got.mustSay(t, script+" is of the installation in /usr/local, and stays. The new one is "+m.top+"/"+script+".new")
	got.mustSay(t, "install.sh: To use the new boot files, uninstall ipvsadm from "+m.top+"/root/usr/local, then install it here again.")
	got.mustNotSay(t, "was edited", "Remove them")

	m.withPrefix("uninstall", "/usr/local").mustFail(t, 0)
	m.withPrefix("install", "/usr").mustNotSay(t, "install.sh:")
	if m.exists(unit) || m.exists(timer) || m.exists(script+".new") {
		t.Errorf("left: unit %v, timer %v, new script %v", m.exists(unit), m.exists(timer), m.exists(script+".new"))
	}
}

func TestInstallNamesBootFilesOfAnotherPrefix(t *testing.T) {
	m := built(t)
	m.withPrefix("install", "/").mustFail(t, 0)
	got := m.withPrefix("install", "/opt/lvs")
	got.mustFail(t, 0)
	for _, path := range []string{unit, script, "root/etc/systemd/system/ipvsadm-metrics.service"} {
		got.mustSay(t, path+" is of the installation in /, and stays. The new one is "+m.top+"/"+path+".new")
	}
	got.mustNotSay(t, "was edited", "systemd prefers")

	got = m.withPrefix("uninstall", "/opt/lvs")
	got.mustFail(t, 0)
	got.mustSay(t, "These boot files stay:\n  "+m.top+"/"+unit+", of the installation in /\n")
	got.mustNotSay(t, "edited")
	if !m.exists(unit) || !m.exists(script) || m.exists(unit+".new") {
		t.Errorf("unit %v, script %v, new unit %v", m.exists(unit), m.exists(script), m.exists(unit+".new"))
	}
}

// An edited file of another installation is edited, and a link is left to the administrator.
func TestInstallNamesEditedBootFilesOfAnotherPrefix(t *testing.T) {
	m := built(t)
	m.install().mustFail(t, 0)
	m.file(unit, m.text(unit)+"# mine\n")
	m.withPrefix("install", "/opt/lvs").mustSay(t, unit+" was edited, or is not from this script, and stays.")

	m = built(t)
	m.file(unit, "theirs")
	m.link("/dev/null", timer)
	got := m.withPrefix("install", "/usr")
	got.mustFail(t, 0)
	got.mustSay(t, "systemd/system:\n  "+m.top+"/"+unit+"\ninstall.sh: Remove them to use the new ones.\n")
	got.mustNotSay(t, timer)
}
