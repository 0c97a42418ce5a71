# Reads what `go test -bench` prints and prints one line a benchmark: its package, its name and all it measured.
# A failure is passed on, and makes the exit status 1.
/^pkg: / { pkg = $2; sub(/^github.com\/flyball-dev\/flyball\/?/, "", pkg); next }
/^Benchmark/ && NF >= 4 {
	name = $1
	sub(/^Benchmark/, "", name); sub(/-[0-9]+$/, "", name)
	line = sprintf("%-24s %-44s", pkg, name)
	for (i = 3; i < NF; i += 2) line = line sprintf(" %14s %-10s", $i, $(i + 1))
	sub(/ +$/, "", line)
	print line
	next
}
/^(---|FAIL|panic)/ { print; failed = 1; next }
failed { print }
END { exit failed }
