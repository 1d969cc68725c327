package promql

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// maxSeconds bounds times, so that their milliseconds are a number.
const maxSeconds = 1 << 40

// time reads one; a zero otherwise says that it must be there.
func (r *request) time(parameter string, otherwise time.Time) (time.Time, error) {
	text := r.Form.Get(parameter)
	if text == "" && !otherwise.IsZero() {
		return otherwise, nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(math.Abs(seconds) < maxSeconds) {
			return time.Time{}, invalid(parameter, fmt.Errorf("%s is too far away", text))
		}
		return time.UnixMilli(int64(math.Round(seconds * 1000))), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, invalid(parameter, fmt.Errorf("%q is no time: neither seconds since 1970 nor as in 2006-01-02T15:04:05Z", text))
	}
	return t, nil
}

func (r *request) duration(parameter string) (time.Duration, error) {
	text := r.Form.Get(parameter)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(math.Abs(seconds) < math.MaxInt64/float64(time.Second)) {
			return 0, invalid(parameter, fmt.Errorf("%s is too long", text))
		}
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, invalid(parameter, fmt.Errorf("%q is no duration: neither seconds nor as in 30s or 5m", text))
	}
	return time.Duration(d), nil
}

// limit is how many are asked for; 0 for all.
func (r *request) limit() (int, error) {
	text := r.Form.Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, invalid("limit", fmt.Errorf("%q is no number from 0 on", text))
	}
	return n, nil
}

// matchers are of each match[]; of any series where there is none.
func (s *Server) matchers(r *request) ([][]*labels.Matcher, error) {
	const parameter = "match[]"
	var all [][]*labels.Matcher
	for _, text := range r.Form[parameter] {
		m, err := s.parser.ParseMetricSelector(text)
		if err != nil {
			return nil, invalid(parameter, err)
		}
		if !slices.ContainsFunc(m, func(on *labels.Matcher) bool { return !on.Matches("") }) {
			return nil, invalid(parameter, fmt.Errorf("%s matches every series", text))
		}
		all = append(all, m)
	}
	if len(all) > maxSelectors {
		return nil, invalid(parameter, errors.New("too many of them"))
	}
	return all, nil
}
