// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// FoundNamespace is a network namespace of the machine.
type FoundNamespace struct {
	Name    string // as OpenNamespace takes it
	Own     bool   // it is that of the caller
	PID     int    // of the oldest process in it that was found, 0 if none was
	Command string // of that process
}

// dockerNamespaces is where Docker keeps namespaces.
const dockerNamespaces = "/run/docker/netns"

// FindNamespaces finds the network namespaces that have a name, belong to Docker, or have
// a process, each once. The caller's own comes first. unreadable counts the files and
// processes that the caller may not inspect, and files that are left of namespaces that
// are gone.
func FindNamespaces() (found []FoundNamespace, unreadable int, err error) {
	own, err := inodeOf("/proc/self/ns/net")
	if err != nil {
		return nil, 0, fmt.Errorf("cannot read the network namespaces: %w", err)
	}
	s := search{byInode: map[inode]*FoundNamespace{own: {Own: true}}}
	for _, directory := range []string{namedNamespaces, dockerNamespaces} {
		s.addNames(directory)
	}
	s.addProcesses()
	for _, n := range s.byInode {
		if n.Name == "" {
			n.Name = "pid:" + strconv.Itoa(n.PID)
		}
		found = append(found, *n)
	}
	slices.SortFunc(found, func(a, b FoundNamespace) int {
		return cmp.Or(cmp.Compare(b.rank(), a.rank()), cmp.Compare(a.PID, b.PID), strings.Compare(a.Name, b.Name))
	})
	return found, s.unreadable, nil
}

// rank puts the caller's namespace before others, and named ones before those that only
// have a process.
func (n *FoundNamespace) rank() int {
	switch {
	case n.Own:
		return 2
	case !strings.HasPrefix(n.Name, "pid:"):
		return 1
	}
	return 0
}

// inode identifies a namespace.
type inode struct{ device, number uint64 }

func inodeOf(path string) (inode, error) {
	var found unix.Stat_t
	err := unix.Stat(path, &found)
	return inode{uint64(found.Dev), found.Ino}, err
}

type search struct {
	byInode    map[inode]*FoundNamespace
	unreadable int
}

// add adds the namespace of a file, and returns it. It returns nil if there is none.
func (s *search) add(path string) *FoundNamespace {
	id, err := inodeOf(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH):
		return nil
	case err != nil:
		s.unreadable++
		return nil
	}
	n := s.byInode[id]
	if n == nil {
		n = &FoundNamespace{}
		s.byInode[id] = n
	}
	return n
}

// addNames adds the namespaces that have files in a directory.
func (s *search) addNames(directory string) {
	files, err := os.ReadDir(directory)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.unreadable++
	}
	for _, file := range files {
		path := filepath.Join(directory, file.Name())
		var found unix.Statfs_t
		if err := unix.Statfs(path, &found); err == nil && found.Type != unix.NSFS_MAGIC {
			s.unreadable++
			continue
		}
		if n := s.add(path); n != nil && n.Name == "" {
			n.Name = path
			if directory == namedNamespaces {
				n.Name = optionValue(file.Name())
			}
		}
	}
}

// optionValue returns a name of "ip netns" as OpenNamespace takes it.
func optionValue(name string) string {
	if strings.Contains(name, ":") || strings.Trim(name, "0123456789") == "" {
		return "name:" + name
	}
	return name
}

// addProcesses adds the namespaces that have processes, each with the oldest one.
func (s *search) addProcesses() {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		s.unreadable++
	}
	var pids []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	for _, pid := range pids {
		n := s.add(fmt.Sprintf("/proc/%d/ns/net", pid))
		if n == nil || n.PID != 0 {
			continue
		}
		n.PID = pid
		command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		n.Command = strings.TrimSuffix(string(command), "\n")
	}
}
