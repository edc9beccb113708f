//! The scenarios of the flagd testbed, in both versions of `fractional`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{fs, path::Path};

use seaworthy_flags::{
    Bucketing, Compiler, Context, ErrorCode, Flag, FlagValue, Flags, Strictness,
};
use serde_json::{Value, json};

/// A scenario with the values of one row of its examples.
#[derive(Debug, Clone, Default)]
struct Scenario {
    name: String,
    tags: Vec<String>,
    steps: Vec<String>,
    table: Vec<Vec<String>>,
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    let cells = inner.split(" |").map(|cell| cell.trim().to_owned());
    cells.map(|cell| cell.replace("\\|", "|")).collect()
}

/// Expands the outlines of a feature file.
fn parse(text: &str) -> Vec<Scenario> {
    let mut all = Vec::new();
    let (mut feature_tags, mut tags) = (Vec::new(), Vec::<String>::new());
    let mut template: Option<Scenario> = None;
    let mut examples: Option<(Vec<String>, Vec<String>)> = None;
    let mut outline = false;
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if line.starts_with('@') {
            tags.extend(line.split_whitespace().map(ToOwned::to_owned));
        } else if line.starts_with("Feature:") {
            feature_tags = std::mem::take(&mut tags);
        } else if line.starts_with("Scenario") || line.starts_with("Background") {
            if let Some(done) = template.take().filter(|_| !outline) {
                all.push(done);
            }
            outline = line.starts_with("Scenario Outline");
            examples = None;
            let tags = feature_tags
                .iter()
                .cloned()
                .chain(std::mem::take(&mut tags))
                .collect();
            template = (!line.starts_with("Background")).then(|| Scenario {
                name: line.to_owned(),
                tags,
                ..Scenario::default()
            });
        } else if line.starts_with("Examples") {
            examples = Some((std::mem::take(&mut tags), Vec::new()));
        } else if line.starts_with('|') {
            let row = cells(line);
            match (&mut examples, &mut template) {
                (Some((_, head)), _) if head.is_empty() => *head = row,
                (Some((more, head)), Some(template)) => {
                    let mut scenario = template.clone();
                    scenario.tags.extend(more.iter().cloned());
                    for (name, value) in head.iter().zip(&row) {
                        for step in &mut scenario.steps {
                            *step = step.replace(&format!("<{name}>"), value);
                        }
                    }
                    scenario.name = format!("{} {row:?}", scenario.name);
                    all.push(scenario);
                }
                (None, Some(template)) => template.table.push(row),
                _ => {}
            }
        } else if let (Some(template), None) = (&mut template, &examples) {
            template.steps.push(line.to_owned());
        }
    }
    all.extend(template.filter(|_| !outline));
    all
}

/// The quoted parts of a step.
fn quoted(step: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = step;
    while let Some(start) = rest.find('"') {
        // The last part may contain quotes: it ends with the step.
        let more = &rest[start + 1..];
        let marks = ["\" and ", "\", with", "\" should"];
        let end = marks.iter().filter_map(|mark| more.find(mark)).min();
        let end = end.unwrap_or_else(|| more.rfind('"').unwrap_or(more.len()));
        parts.push(more[..end].replace("\\\"", "\""));
        rest = &more[(end + 1).min(more.len())..];
    }
    parts
}

fn typed(kind: &str, text: &str) -> Value {
    match kind {
        "Boolean" => json!(text == "true"),
        "Integer" => json!(text.parse::<i64>().unwrap()),
        "Float" => json!(text.parse::<f64>().unwrap()),
        "Object" => serde_json::from_str(text).unwrap(),
        _ => json!(text),
    }
}

struct Outcome {
    value: Value,
    reason: String,
    error: Option<ErrorCode>,
}

fn evaluate<T: FlagValue + Into<Value>>(
    flags: &Flags,
    flag: Flag<T>,
    context: &Context,
) -> Outcome {
    // A flag whose variants have another type: the declaration is rejected, the server answers.
    let key = flag.key().to_owned();
    match flags.declare(flag) {
        Ok(toggle) => {
            let evaluation = toggle.evaluate_with(context);
            Outcome {
                value: evaluation.value.into(),
                reason: evaluation.reason.to_string(),
                error: evaluation.error,
            }
        }
        Err(_) => flags.resolve(&key, context, |resolved| Outcome {
            value: Value::Null,
            reason: "ERROR".to_owned(),
            error: resolved.variant.map(|_| ErrorCode::TypeMismatch),
        }),
    }
}

fn run(scenario: &Scenario, document: &Value, bucketing: Bucketing) -> Result<(), String> {
    let flags = Flags::new(Context::new());
    let set = Compiler::new(bucketing).compile(document.clone(), Strictness::Lenient);
    flags.replace(set.unwrap()).unwrap();
    let mut context = Context::new();
    let mut flag = None;
    let mut outcome = None;
    let mut metadata = serde_json::Map::new();
    for step in &scenario.steps {
        let words = step.split_once(' ').unwrap().1;
        let parts = quoted(words);
        if words.contains("-flag with key") {
            let kind = words
                .trim_start_matches("a ")
                .split("-flag")
                .next()
                .unwrap()
                .to_owned();
            flag = Some((kind, parts[0].clone(), parts[1].clone()));
        } else if words.starts_with("a context containing a targeting key") {
            context = context.targeting_key(parts[0].as_str());
        } else if words.starts_with("a context containing a nested") {
            context = context.with(parts[0].as_str(), json!({parts[1].as_str(): parts[2]}));
        } else if words.starts_with("a context containing a key") {
            context = context.with(parts[0].as_str(), typed(&parts[1], &parts[2]));
        } else if words.starts_with("the flag was evaluated") {
            let (kind, key, default) = flag.clone().unwrap();
            metadata = flags
                .set()
                .get(&key)
                .map(|flag| flag.metadata().clone())
                .unwrap_or_default();
            let default = typed(&kind, &default);
            outcome = Some(match kind.as_str() {
                "Boolean" => evaluate(&flags, Flag::boolean(key, default == json!(true)), &context),
                "Integer" => evaluate(
                    &flags,
                    Flag::integer(key, default.as_i64().unwrap()),
                    &context,
                ),
                "Float" => evaluate(
                    &flags,
                    Flag::float(key, default.as_f64().unwrap()),
                    &context,
                ),
                "Object" => evaluate(&flags, Flag::object(key, default), &context),
                _ => {
                    let text = Flag::string(key, default.as_str().unwrap());
                    match flags.declare(text) {
                        Ok(toggle) => {
                            let evaluation = toggle.evaluate_with(&context);
                            Outcome {
                                value: json!(&*evaluation.value),
                                reason: evaluation.reason.to_string(),
                                error: evaluation.error,
                            }
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        } else if words.starts_with("the resolved details value") {
            let kind = &flag.as_ref().unwrap().0;
            let (expected, found) = (typed(kind, &parts[0]), &outcome.as_ref().unwrap().value);
            let equal =
                expected == *found || (expected.is_f64() && expected.as_f64() == found.as_f64());
            if !equal {
                return Err(format!("expected {expected}, found {found}"));
            }
        } else if words.starts_with("the reason") {
            let found = &outcome.as_ref().unwrap().reason;
            if parts[0] != *found {
                return Err(format!("expected reason {}, found {found}", parts[0]));
            }
        } else if words.starts_with("the error-code") {
            let found = outcome.as_ref().unwrap().error.map(ErrorCode::as_str);
            if parts[0] != found.unwrap_or_default() {
                return Err(format!("expected error {}, found {found:?}", parts[0]));
            }
        } else if words.starts_with("the resolved metadata is empty") {
            if !metadata.is_empty() {
                return Err(format!("expected no metadata, found {metadata:?}"));
            }
        } else if words.starts_with("the resolved metadata should contain") {
            for row in &scenario.table[1..] {
                let expected = typed(&row[1], &row[2]);
                if metadata.get(&row[0]) != Some(&expected) {
                    return Err(format!("expected {row:?}, found {metadata:?}"));
                }
            }
        } else if !["an evaluator", "a stable flagd provider"].contains(&words)
            && !words.starts_with("an option \"cache\"")
        {
            return Err(format!("unknown step {words:?}"));
        }
    }
    Ok(())
}

/// Runs the scenarios of a folder and returns how many passed.
fn run_folder(folder: &str, bucketing: Bucketing, excluded: &[&str]) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/testbed")
        .join(folder);
    let mut document = json!({"flags": {}, "$evaluators": {}});
    let mut features = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if path.extension().is_some_and(|kind| kind == "feature") {
            features.push((path, text));
            continue;
        }
        let more: Value = serde_json::from_str(&text).unwrap();
        for part in ["flags", "$evaluators"] {
            for (key, value) in more[part].as_object().into_iter().flatten() {
                document[part][key] = value.clone();
            }
        }
    }
    let mut passed = 0;
    let mut failed = Vec::new();
    for (path, text) in &features {
        let file = path.file_name().unwrap().to_string_lossy();
        for scenario in parse(text) {
            let excluded = scenario
                .tags
                .iter()
                .any(|tag| excluded.contains(&tag.as_str()));
            // Another scenario replaces the deprecated one. Selectors belong to connections.
            let other = scenario.tags.iter().any(|tag| tag == "@deprecated")
                || scenario.name.contains("in one flag set");
            if excluded || other {
                continue;
            }
            match run(&scenario, &document, bucketing) {
                Ok(()) => passed += 1,
                Err(problem) => failed.push(format!("{file}: {}: {problem}", scenario.name)),
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    passed
}

const V2: [&str; 2] = ["@fractional-v1", "@fractional-v3"];
const V3: [&str; 2] = ["@fractional-v1", "@fractional-v2"];

#[test]
fn evaluator_scenarios_pass_with_v2_flag_1() {
    assert_eq!(run_folder("evaluator", Bucketing::V2, &V2), 125);
}

#[test]
fn evaluator_scenarios_pass_with_v3_flag_1() {
    // The nested scenarios of this folder name buckets of v2.
    let excluded = [V3[0], V3[1], "@fractional-nested"];
    assert_eq!(run_folder("evaluator", Bucketing::V3, &excluded), 89);
}

#[test]
fn provider_scenarios_pass_with_v2_flag_1() {
    assert_eq!(run_folder("provider", Bucketing::V2, &V2), 126);
}

#[test]
fn provider_scenarios_pass_with_v3_flag_1() {
    assert_eq!(run_folder("provider", Bucketing::V3, &V3), 237);
}
