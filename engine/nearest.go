package engine

import "strings"

// Nearest finds the candidate that a misspelt word most likely meant, or "". It is near enough when at most a third of
// its letters differ (Damerau-Levenshtein: an exchange of neighbours counts once), whatever the case.
func Nearest(word string, candidates []string) string {
	best, fewest := "", 0
	for _, c := range candidates {
		d := distance(strings.ToLower(word), strings.ToLower(c))
		if d <= max(1, len(c)/3) && (best == "" || d < fewest) {
			best, fewest = c, d
		}
	}
	return best
}

// distance is the optimal string alignment distance of two words, in bytes: the names compared are ASCII.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return len(a) + len(b) // too long to be a misspelt field
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
