package format

// natural is how wide the columns would like to be.
func (s *sheet) natural(rows [][]cell) []int {
	width := make([]int, len(s.columns))
	for i, c := range s.columns {
		width[i] = c.least
	}
	for _, row := range rows {
		for i, c := range row {
			width[i] = max(width[i], c.indent+columnsOf(c.text))
		}
	}
	return width
}

// fit chooses the columns and their widths.
func (s *sheet) fit(natural []int) {
	s.width = natural
	s.shown = make([]int, len(s.columns))
	for i := range s.columns {
		s.shown[i] = i
	}
	if s.limit == 0 {
		return
	}
	for at := len(s.shown) - 1; at >= 0; at-- {
		if s.columns[s.shown[at]].comment {
			s.fitComment(at)
		}
	}
	for len(s.shown) > 1 && s.total(s.narrowest) > s.limit {
		s.leaveOut()
	}
	for excess := s.total(s.current) - s.limit; excess > 0; excess-- {
		s.width[s.widest()]--
	}
}

// fitComment gives a comment what the other columns leave of the line, and leaves
// it out if that is too little.
func (s *sheet) fitComment(at int) {
	i := s.shown[at]
	room := s.width[i] + s.limit - s.total(s.current)
	if room < s.narrowest(i) {
		s.shown = append(s.shown[:at], s.shown[at+1:]...)
		return
	}
	s.width[i] = min(s.width[i], room)
}

func (s *sheet) current(i int) int { return s.width[i] }

func (s *sheet) narrowest(i int) int {
	if n := s.columns[i].wraps; n > 0 {
		return min(n, s.width[i])
	}
	return s.width[i]
}

// total is the width of a line.
func (s *sheet) total(width func(i int) int) int {
	sum := len(columnGap) * (len(s.shown) - 1)
	for _, i := range s.shown {
		sum += width(i)
	}
	return sum
}

// leaveOut leaves out the least important column.
func (s *sheet) leaveOut() {
	least := 0
	for at, i := range s.shown {
		if s.columns[i].rank > s.columns[s.shown[least]].rank {
			least = at
		}
	}
	s.shown = append(s.shown[:least], s.shown[least+1:]...)
}

// widest is the widest column that can be made narrower: any if it is the only one.
func (s *sheet) widest() int {
	found := s.shown[0]
	for _, i := range s.shown[1:] {
		can, best := s.width[i] > s.narrowest(i), s.width[found] > s.narrowest(found)
		if can && (!best || s.width[i] > s.width[found]) {
			found = i
		}
	}
	return found
}

// grow gives columns more width, as far as there is room.
func (s *sheet) grow(natural []int) {
	room := s.limit - s.total(s.current)
	for _, i := range s.shown {
		more := max(0, natural[i]-s.width[i])
		if s.limit > 0 {
			more = min(more, room)
		}
		s.width[i] += more
		room -= more
	}
}
