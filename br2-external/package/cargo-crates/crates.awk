# Prints `sha256:name/name-version.crate` for each package of a registry in a Cargo.lock.
function say() {
	if (sum != "") {
		print sum ":" name "/" name "-" version ".crate"
	}
	name = version = sum = ""
}
/^\[\[package\]\]/ { say() }
/^name = / { name = substr($3, 2, length($3) - 2) }
/^version = "/ { version = substr($3, 2, length($3) - 2) }
/^checksum = / { sum = substr($3, 2, length($3) - 2) }
END { say() }
