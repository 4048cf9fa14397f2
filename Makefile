# make serve    build and open the page in the browser
# make demo     see the whole flow on a photograph (installs what is missing, builds, runs)
# make figures  make the documentation's pictures again: of redrawing, of the page, and what the program prints
# make test     build and run every test
# make clients  a session of the Python client webuiapi with the server (installs it into .build-clients)
# make soak     mixed requests to the server for MINUTES=20: nothing may break, and the memory stays
# make slurm    a job array of this machine's Slurm looks at a folder in shards, two of them stopped on the way (wants slurm-wlm and munge)
# make parity   compare Redraw with diffusers and transformers on this machine (installs them into .build-benchmarks)
# make bench    time Redraw beside torch, OpenVINO and onnxruntime on this machine, to .build/bench.md and .png (installs them as well)
# make bench-program  time whole commands, and measure what strengths, precisions and shortcuts do to pictures
# make fuzz     feed every reader damaged files, five minutes each at most (FUZZ="--count 1000 --only checkpoints" for less)
# make install  PREFIX=/usr/local (or DESTDIR=… for packaging)
# make deb      a Debian package in .build-packages, with manual pages and completions (PROGRAM=… takes one that is built)
# make tarball  the same with every library it needs, to be unpacked and run anywhere

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
# The C libraries the package links: OpenBLAS, libpng, libturbojpeg, libwebp, zlib, Little CMS, libheif, libtiff, libcrypto, SQLite. pkg-config tells SwiftPM where OpenBLAS is.
PACKAGES := pkg-config libopenblas-dev libpng-dev libturbojpeg0-dev libwebp-dev zlib1g-dev liblcms2-dev libheif-dev libtiff-dev libssl-dev libsqlite3-dev
# The tests look at the page in a real browser, and so do the documentation's pictures of it.
ifneq (,$(filter test figures packages,$(MAKECMDGOALS)))
PACKAGES += chromium chromium-driver
endif
ifneq (,$(filter deb tarball,$(MAKECMDGOALS)))
PACKAGES += dpkg-dev binutils patchelf jq xz-utils
endif
DATA := $(PREFIX)/share/redraw

.PHONY: all packages build serve demo figures test clients soak slurm fuzz lint parity bench bench-program install deb tarball uninstall clean

all: build

packages:
	@missing=""; for package in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
	    echo "Redraw needs these libraries (Debian's names):$$missing. There is no apt-get here: install them by hand, then run make again." >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then as_root=""; \
	elif command -v sudo >/dev/null; then as_root="sudo"; \
	else echo "Redraw needs$$missing. Run as root: apt-get install$$missing" >&2; exit 1; fi; \
	echo "Installing$$missing"; \
	$$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends $$missing >/dev/null

build: packages
	$(SWIFT) build -c release --product redraw
	$(SWIFT) build -c release --product analyze

# ARGUMENTS="--port 8000 --folder ~/Pictures" and the like.
serve: build
	@exec "$$($(SWIFT) build -c release --show-bin-path)/redraw" serve --open $(ARGUMENTS)

# The demo keeps its library and its pictures in demo-output/, so it touches nothing of the person's own.
demo: build
	@sh Documentation/demo.sh "$$($(SWIFT) build -c release --show-bin-path)/redraw" demo-output

figures: build
	@sh Documentation/figures.sh "$$($(SWIFT) build -c release --show-bin-path)/redraw"
	REDRAW_PAGE_PICTURES="$(CURDIR)/Documentation/pictures" $(SWIFT) test -c release --filter '^PageTests[.]PagePictures' --no-parallel

# What speaks to servers and browsers runs by itself: beside hours of arithmetic every patience ends.
APART := ^(EnginesTests|PageTests)[.]
test: packages
	$(SWIFT) test -c release $(BUILDING) --skip '$(APART)'
	$(SWIFT) test -c release $(BUILDING) --filter '$(APART)' --no-parallel
	@$(MAKE) --no-print-directory clients

# What users of other programs call, against the program that the tests built. Passed over only where there is no way to install the client.
CLIENTS := .build-clients
CLIENT_LIST := Tests/StudioWebTests/Fixtures/requirements-clients.txt
clients:
	@if [ ! -x $(CLIENTS)/bin/python ] && ! python3 -m venv $(CLIENTS); then \
	    echo "clients: passed over: python3 makes no virtual environment here (Debian: python3-venv)" >&2; exit 0; fi; \
	if ! cmp -s $(CLIENT_LIST) $(CLIENTS)/installed; then \
	    if ! $(CLIENTS)/bin/pip download --quiet --no-deps --dest $(CLIENTS)/reached -r $(CLIENT_LIST); then \
	        echo "clients: passed over: pip reaches no index, so webuiapi cannot be installed" >&2; exit 0; fi; \
	    $(CLIENTS)/bin/pip install --quiet -r $(CLIENT_LIST) && cp $(CLIENT_LIST) $(CLIENTS)/installed || exit 1; \
	fi; \
	program="$$($(SWIFT) build -c release --show-bin-path)/redraw"; \
	[ -x "$$program" ] || $(SWIFT) build -c release --product redraw || exit 1; \
	$(CLIENTS)/bin/python Tests/StudioWebTests/Fixtures/webuiapi_session.py "$$program"

# What it asks for is told by the seed that it prints.
MINUTES ?= 20
soak: build
	python3 Tests/StudioWebTests/Fixtures/soak.py "$$($(SWIFT) build -c release --show-bin-path)/redraw" --minutes $(MINUTES)

# COUNT=1000 for more pictures.
slurm: build
	@sh Tests/Cluster/slurm.sh "$$($(SWIFT) build -c release --show-bin-path)/redraw" $(COUNT)

# The peers live in a virtual environment of their own; every script Benchmarks/parity_*.py is given the built redraw.
PARITY := .build-benchmarks
REQUIREMENTS := $(wildcard Benchmarks/requirements*.txt)
$(PARITY)/.installed: $(REQUIREMENTS)
	python3 -m venv $(PARITY)
	$(PARITY)/bin/pip install --quiet --retries 0 --index-url https://download.pytorch.org/whl/cpu --extra-index-url https://pypi.org/simple torch || \
	    $(PARITY)/bin/pip install --quiet torch
	$(PARITY)/bin/pip install --quiet $(foreach file,$(REQUIREMENTS),-r $(file))
	touch $@

parity: build $(PARITY)/.installed
	@failed=0; for script in Benchmarks/parity_*.py; do \
	    $(PARITY)/bin/python $$script --redraw "$$($(SWIFT) build -c release --show-bin-path)/redraw" || failed=1; \
	done; exit $$failed

# BENCH="--groups clip-vit-b-32 --rounds 1" for less.
bench: build $(PARITY)/.installed
	$(PARITY)/bin/python Benchmarks/bench_all.py --redraw "$$($(SWIFT) build -c release --show-bin-path)/redraw" --out .build/bench $(BENCH)

# PROGRAM_BENCH="--only analyze,strengths" for less.
bench-program: build $(PARITY)/.installed
	$(PARITY)/bin/python Benchmarks/bench_program.py --redraw "$$($(SWIFT) build -c release --show-bin-path)/redraw" $(PROGRAM_BENCH)

# Damaged files for every reader, ten thousand each, with the address sanitizer over all of it and the one for undefined behaviour over the C
# code. Failures stay in .build-fuzz/failures, with what a sanitizer said of them.
fuzz: packages
	$(SWIFT) build -c release --sanitize address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined --scratch-path .build-fuzz --product fuzz
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=8 UBSAN_OPTIONS=print_stacktrace=1 .build-fuzz/release/fuzz $(FUZZ)

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests

# What is installed and packed holds the Swift runtime, and names no folder of the machine that built it: two builds in two places have the same bytes.
# Its table of functions is filled at the start and closed to writing.
INSTALLED := -c release --static-swift-stdlib --scratch-path .build-install --product redraw -Xlinker -z -Xlinker now \
    -Xswiftc -file-prefix-map -Xswiftc "$(CURDIR)=." -Xcc "-ffile-prefix-map=$(CURDIR)=."

install: packages
	$(SWIFT) build $(INSTALLED)
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(DATA)"
	install -s -m 755 .build-install/release/redraw "$(DESTDIR)$(PREFIX)/bin"
	@# It answers to both names.
	ln -sf redraw "$(DESTDIR)$(PREFIX)/bin/analyze"
	rm -rf "$(DESTDIR)$(DATA)/Vocab" "$(DESTDIR)$(DATA)/Models" "$(DESTDIR)$(DATA)/Page"
	cp -r Vocab "$(DESTDIR)$(DATA)/Vocab"
	cp -r Sources/StudioWeb/Page "$(DESTDIR)$(DATA)/Page"
	mkdir -p "$(DESTDIR)$(DATA)/Models"
	tar -C Models --exclude=recipes -cf - . | tar -C "$(DESTDIR)$(DATA)/Models" -xf -

# Both packages are made from one program; unless it is named it is built, as far as it is older than its sources.
ifndef PROGRAM
PROGRAM := .build-install/release/redraw
.PHONY: $(PROGRAM)
$(PROGRAM): packages
	$(SWIFT) build $(INSTALLED)
endif

deb: packages $(PROGRAM)
	sh Packaging/deb.sh "$(PROGRAM)" .build-packages

tarball: packages $(PROGRAM)
	sh Packaging/tarball.sh "$(PROGRAM)" .build-packages

uninstall:
	rm -f "$(DESTDIR)$(PREFIX)/bin/redraw" "$(DESTDIR)$(PREFIX)/bin/analyze"
	rm -rf "$(DESTDIR)$(DATA)/Vocab" "$(DESTDIR)$(DATA)/Models" "$(DESTDIR)$(DATA)/Page"
	@# A person's library may stand in the same folder (~/.local/share/redraw): only an empty one goes.
	rmdir --ignore-fail-on-non-empty "$(DESTDIR)$(DATA)"

clean:
	rm -rf .build .build-fuzz .build-install .build-packages .build-benchmarks $(CLIENTS) demo-output
