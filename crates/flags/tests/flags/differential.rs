//! Random rules and contexts against evaluators of other projects.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use seaworthy_flags::{Bucketing, Compiler, Context, Flags, Strictness};
use seaworthy_testkit::requirement::required;
use serde_json::{Map, Value, json};

const FLAGS: u64 = 400;
const CASES: u64 = 100_000;
const WORDS: [&str; 8] = ["", "a", "acme", "Acme", "team-1", "team", "é中", "true"];
const ASCII_WORDS: [&str; 8] = ["", "a", "acme", "Acme", "team-1", "team", "z9", "true"];
const VERSIONS: [&str; 5] = ["1.0.0", "1.2.3", "2.0.0-rc.1", "2.0.0", "v1.2.4"];
const FIELDS: [&str; 4] = ["plan", "level", "release", "tenant"];

/// A generator of pseudo-random numbers (splitmix64), so that a failure can be repeated.
struct Random {
    state: u64,
    words: &'static [&'static str],
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.state;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap();
        *items.get(index).unwrap()
    }

    fn word(&mut self) -> Value {
        self.of(self.words).into()
    }

    /// A condition on fields of the context.
    fn condition(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 7 } else { 10 }) {
            0 => json!({"==": [{"var": "plan"}, self.word()]}),
            1 => json!({"in": [{"var": "plan"}, [self.word(), self.word()]]}),
            2 => json!({">=": [{"var": "level"}, self.below(10)]}),
            3 => json!({"<": [{"var": ["level", 3]}, self.below(10)]}),
            4 => json!({"starts_with": [{"var": "tenant"}, self.word()]}),
            5 => json!({"ends_with": [{"var": "tenant"}, self.word()]}),
            6 => {
                let operator = self.of(&["=", "!=", "<", "<=", ">", ">=", "~", "^"]);
                json!({"sem_ver": [{"var": "release"}, operator, self.of(&VERSIONS)]})
            }
            7 => json!({"and": [self.condition(depth - 1), self.condition(depth - 1)]}),
            8 => json!({"or": [self.condition(depth - 1), self.condition(depth - 1)]}),
            _ => json!({"!": [self.condition(depth - 1)]}),
        }
    }

    fn split(&mut self) -> Value {
        let has_salt = self.below(4) == 0;
        let mut arguments = match self.below(4) {
            _ if has_salt => {
                vec![json!({"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]})]
            }
            0 => vec![json!({"var": self.of(&["plan", "tenant"])})],
            _ => Vec::new(),
        };
        for variant in ["red", "blue", "green"] {
            arguments.push(match self.below(4) {
                0 => json!([variant]),
                _ => json!([variant, self.below(100)]),
            });
        }
        let split = json!({ "fractional": arguments });
        if has_salt {
            // The evaluators disagree on `cat` with null: "" in JsonLogic, "null" in others.
            return json!({"if": [{"var": "targetingKey"}, split, null]});
        }
        split
    }

    fn outcome(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => self.of(&["red", "blue", "green"]).into(),
            1 => Value::Null,
            2 | 3 => self.split(),
            _ => {
                json!({"if": [self.condition(2), self.outcome(depth - 1), self.outcome(depth - 1)]})
            }
        }
    }

    fn context(&mut self) -> Map<String, Value> {
        let mut context = Map::new();
        if self.below(10) > 0 {
            let key = format!("{}-{}", self.of(self.words), self.below(1_000));
            context.insert("targetingKey".to_owned(), key.into());
        }
        for field in FIELDS {
            let value = match field {
                _ if self.below(4) == 0 => continue,
                "level" => self.below(12).into(),
                "release" => self.of(&VERSIONS).into(),
                _ => self.word(),
            };
            context.insert(field.to_owned(), value);
        }
        context
    }
}

fn flags(random: &mut Random) -> Value {
    let flag = |number: u64| {
        let targeting = random.outcome(3);
        let targeting = match targeting.is_object() {
            true => targeting,
            false => json!({"if": [true, targeting]}),
        };
        let flag = json!({
            "state": "ENABLED",
            "variants": {"red": "r", "blue": "b", "green": "g"},
            "defaultVariant": "red",
            "targeting": targeting,
        });
        (format!("flag-{number}"), flag)
    };
    json!({"flags": (0..FLAGS).map(flag).collect::<Map<_, _>>()})
}

/// Compares all cases with the responses of another evaluator.
fn compare(bucketing: Bucketing, words: &'static [&'static str], other: impl Fn(&Path) -> Command) {
    let mut random = Random { state: 7, words };
    let document = flags(&mut random);
    let set = Compiler::new(bucketing).compile(document.clone(), Strictness::Strict);
    let flags = Flags::new(Context::new());
    flags.replace(set.unwrap()).unwrap();
    let (mut cases, mut expected) = (String::new(), Vec::new());
    for _ in 0..CASES {
        let (key, fields) = (format!("flag-{}", random.below(FLAGS)), random.context());
        let line = json!({"flag": key, "context": fields});
        writeln!(cases, "{line}").unwrap();
        let mut context = Context::new();
        for (name, value) in fields {
            context = match value {
                Value::String(key) if name == "targetingKey" => context.targeting_key(key),
                value => context.with(name, value),
            };
        }
        let answer = flags.resolve(&key, &context, |resolved| match resolved.variant {
            Some(variant) => json!([variant.value(), resolved.reason]),
            None => json!(["code", resolved.reason]),
        });
        expected.push((line, answer));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("flags.json"), document.to_string()).unwrap();
    fs::write(folder.path().join("cases.jsonl"), cases).unwrap();
    let output = other(folder.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(answers.len(), expected.len(), "{errors}");
    let different: Vec<_> = expected
        .iter()
        .zip(&answers)
        .filter(|((_, own), other)| own != *other)
        .collect();
    let shown = different.iter().take(3).map(|((line, own), other)| {
        let rule = line["flag"]
            .as_str()
            .map(|key| &document["flags"][key]["targeting"]);
        format!(
            "{line}\n{}\nown {own}, other {other}",
            rule.unwrap_or(&Value::Null)
        )
    });
    let shown: Vec<_> = shown.collect();
    assert_eq!(different.len(), 0, "{}", shown.join("\n"));
}

fn client(program: &str, script: &str, folder: &Path) -> Command {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let mut command = Command::new(program);
    command
        .arg(clients.join(script))
        .args([folder.join("flags.json"), folder.join("cases.jsonl")]);
    command
}

#[test]
fn random_contexts_evaluate_as_in_python_flag_1() {
    if let Some(python) = required("SEAWORTHY_TEST_OPENFEATURE_PYTHON") {
        compare(Bucketing::V3, &WORDS, |folder| {
            client(&python, "evaluate.py", folder)
        });
    }
}

#[test]
fn random_contexts_evaluate_as_in_javascript_flag_1() {
    if let Some(modules) = required("SEAWORTHY_TEST_OPENFEATURE_JAVASCRIPT") {
        compare(Bucketing::V2, &ASCII_WORDS, |folder| {
            let mut command = client("node", "evaluate.mjs", folder);
            command.env("NODE_MODULES", &modules);
            command
        });
    }
}
