//! Parsers of untrusted text under mutation: repositories made of broken fixtures are audited
//! without a panic, in bounded time, and nothing outside of the root is read or printed.
//!
//! A few seconds in every run of the tests, as long as wanted by hand, with another seed for other
//! repositories: `SEAWORTHY_MUTATION_SECONDS=600 SEAWORTHY_MUTATION_SEED=7 cargo test --release -p
//! seaworthy-audit --test mutated_repository`
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set itself up has failed, and says with what"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seaworthy_audit::report::{Format, render};
use seaworthy_audit::{AuditConfig, Report, audit};

/// Seconds of mutation where no other number is asked for: a part of the normal run of the tests.
const SECONDS: u64 = 3;
/// The first repository where no other seed is asked for: a failure of the normal run is the same
/// everywhere.
const SEED: u64 = 1;
/// Files of each repository: enough for facts of several languages to meet.
const FILES: usize = 60;
/// A repository of this size takes a second of CPU time in a debug build. The rest is for a busy
/// machine.
const LIMIT: Duration = Duration::from_secs(300);
/// Stands in a file outside of the root, and must stand in no report.
const OUTSIDE: &str = "canary-outside-of-the-root";

/// Numbers that look random and depend on the seed alone: splitmix64 by Sebastiano Vigna.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

/// Tokens that open, close, quote, comment or refer, and bytes that are not text.
const TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"(",
    b"[",
    b"\"",
    b"'",
    b"`",
    b"\n",
    b"\t",
    b"&a ",
    b"*a",
    b"<<:",
    b"{{",
    b"{{-",
    b"}}",
    b"${",
    b"\\",
    b"\xff",
    b"\xe2\x80\xa8",
    b"#",
    b"--",
    b"/*",
    b"://",
    b":@",
    b"../",
    b"| nindent 4",
    b"\xc3\xa9\xe6\xbc\xa2\xe2\x80\xae",
    b"\r",
    b"\0",
];

fn mutate(mut text: Vec<u8>, numbers: &mut Numbers) -> Vec<u8> {
    for _ in 0..=numbers.below(5) {
        if text.is_empty() {
            text.push(b'x');
        }
        let at = numbers.below(text.len());
        match numbers.below(12) {
            0 => {
                let byte = u8::try_from(numbers.below(256)).unwrap();
                text.splice(at..=at, [byte]);
            }
            1 => {
                let end = (at + numbers.below(40)).min(text.len());
                text.drain(at..end);
            }
            2 => {
                let from = numbers.below(text.len());
                let end = (from + numbers.below(200)).min(text.len());
                let copied: Vec<u8> = text.get(from..end).unwrap().to_vec();
                text.splice(at..at, copied);
            }
            3 => {
                let token = TOKENS.get(numbers.below(TOKENS.len())).unwrap();
                text.splice(at..at, token.repeat(1 + numbers.below(300)));
            }
            4 => text.truncate(at),
            // Most of a file stays as it was, so that what is behind the grammar is tried as well.
            _ => {
                let token = TOKENS.get(numbers.below(TOKENS.len())).unwrap();
                text.splice(at..at, token.iter().copied());
            }
        }
    }
    text
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every file of every fixture, with its path inside of its case.
fn fixtures() -> Vec<PathBuf> {
    let mut all = Vec::new();
    for folder in ["rules", "fixtures"] {
        files_below(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut all,
        );
    }
    all.retain(|path| path.components().any(|part| part.as_os_str() == "fixtures"));
    all.sort();
    all
}

fn write_repository(root: &Path, fixtures: &[PathBuf], numbers: &mut Numbers) {
    for _ in 0..FILES {
        let from = fixtures.get(numbers.below(fixtures.len())).unwrap();
        let inside: PathBuf = from
            .components()
            .skip_while(|part| part.as_os_str() != "fixtures")
            .skip(1)
            .map(|part| part.as_os_str().to_str().unwrap().replacen("dot-", ".", 1))
            .collect();
        let to = root.join(inside);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, mutate(fs::read(from).unwrap(), numbers)).unwrap();
    }
}

fn assert_stays_inside(report: &Report, root: &Path, seed: u64) {
    let places = report
        .findings
        .iter()
        .map(|finding| finding.path.to_string());
    for path in places {
        let relative = Path::new(&path);
        assert!(
            relative.is_relative() && !path.split('/').any(|part| part == ".."),
            "seed {seed}: {path}"
        );
        assert!(root.join(relative).exists(), "seed {seed}: {path}");
    }
    for format in Format::ALL {
        let text = render(report, format).unwrap();
        assert!(!text.contains(OUTSIDE), "seed {seed}: {format:?}");
    }
}

fn number_from(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().expect("a whole number in the variable")
    })
}

#[test]
fn mutated_files_do_not_stop_audit_or_leave_root() {
    let fixtures = fixtures();
    let seconds = number_from("SEAWORTHY_MUTATION_SECONDS", SECONDS);
    let first = number_from("SEAWORTHY_MUTATION_SEED", SEED);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = first;
    let mut findings = 0;
    while seed == first || Instant::now() < end {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join(".env"),
            format!("DB_PASSWORD={OUTSIDE}\n"),
        )
        .unwrap();
        let root = folder.path().join("repository");
        // Each repository has a seed of its own, so that one that fails is made again alone.
        write_repository(&root, &fixtures, &mut Numbers(seed));
        let started = Instant::now();
        let report = audit(&root, &AuditConfig::default()).unwrap();
        assert!(
            started.elapsed() < LIMIT,
            "seed {seed}: {:?}",
            started.elapsed()
        );
        assert_stays_inside(&report, &root, seed);
        findings += report.findings.len();
        seed += 1;
    }
    println!(
        "{} repositories of {FILES} files, {findings} findings",
        seed - first
    );
    // Broken files that nothing is found in would try nothing but the grammar.
    assert!(findings > 0);
}
