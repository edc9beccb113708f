//! `docs/catalogue-status.md` says for each requirement of the catalogue which tests cover it.
#![allow(clippy::unwrap_used, reason = "an unreadable file fails the test")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use seaworthy_testkit::document;

/// Folders of the repository with tests of requirements.
const FOLDERS: [&str; 3] = ["crates", "platforms", "examples"];
/// Folders with code that no build compiles.
const SKIPPED_FOLDERS: [&str; 3] = ["fixtures", "target", "node_modules"];
/// Tests of the auditor. They verify its rules and not that the framework keeps a requirement.
const AUDITOR: &str = "crates/audit/";
/// What may precede the keyword `fn`.
const QUALIFIERS: [&str; 4] = ["pub", "pub(crate)", "pub(super)", "async"];
/// Tests of a central part of a requirement, selected by hand. For other requirements the page names
/// the test with the shortest name, which may test a detail.
const EXAMPLES: [(&str, &str); 27] = [
    (
        "CONF-3",
        "production_rejects_unsafe_settings_in_text_and_json_conf_3",
    ),
    ("CONF-4", "reload_applies_valid_files_only_conf_4"),
    ("CONF-7", "requires_explicit_listener_addresses_conf_7"),
    (
        "LIFE-4",
        "twenty_stops_under_full_load_lose_no_request_life_4",
    ),
    (
        "LIFE-7",
        "unreachable_optional_dependency_fails_only_its_use_life_7",
    ),
    (
        "HLTH-4",
        "worker_is_unhealthy_after_two_missed_intervals_hlth_4",
    ),
    ("OBS-1", "any_field_produces_one_json_line_obs_1"),
    ("OBS-2", "lines_have_service_request_trace_and_actor_obs_2"),
    ("OBS-4", "metrics_have_route_template_and_method_obs_4"),
    (
        "OBS-8",
        "panic_is_500_with_request_id_metric_and_log_line_obs_8",
    ),
    ("OBS-10", "silent_collector_delays_no_request_obs_10"),
    ("RES-1", "five_consecutive_failures_open_breaker_res_1"),
    ("RES-4", "decompression_bomb_uses_bounded_memory_res_4"),
    ("RES-6", "route_has_own_limit_with_headers_res_6"),
    ("RES-8", "late_response_is_hedged_and_the_first_wins_res_8"),
    ("DATA-1", "values_of_every_kind_round_trip_data_1"),
    ("DATA-2", "service_starts_only_after_its_migrations_data_2"),
    ("DATA-4", "text_of_clients_never_becomes_sql_data_4"),
    (
        "DATA-5",
        "callers_load_and_readiness_degrades_without_redis_data_5_life_7",
    ),
    ("MSG-1", "broker_restart_loses_nothing_msg_1"),
    (
        "MSG-3",
        "exhausted_message_is_dead_lettered_with_reason_msg_3",
    ),
    (
        "MSG-4",
        "event_survives_kill_between_commit_and_relay_msg_4",
    ),
    ("MSG-5", "killed_worker_stores_each_event_once_msg_5"),
    (
        "SEC-4",
        "every_response_has_security_headers_and_no_banner_sec_4",
    ),
    (
        "SEC-6",
        "the_client_address_comes_through_trusted_proxies_only_sec_6",
    ),
    ("API-2", "every_rejection_has_a_problem_document_api_2"),
    ("SHIP-6", "users_are_served_after_steps_of_the_clock_ship_6"),
];

#[derive(Default)]
struct Evidence {
    tests: Vec<(String, String)>,
    rules: usize,
}

#[test]
fn catalogue_status_names_tests_of_each_requirement_conf_6() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalogue = fs::read_to_string(root.join("docs/catalogue.md")).unwrap();
    let mut evidence: BTreeMap<String, Evidence> = BTreeMap::new();
    for folder in FOLDERS {
        for file in rust_files(&root.join(folder)) {
            let source = fs::read_to_string(&file).unwrap();
            let shown = file.strip_prefix(&root).unwrap().display().to_string();
            if shown.starts_with(AUDITOR) {
                continue;
            }
            for name in function_names(&source) {
                for id in ids_of(&name) {
                    let found = evidence.entry(id).or_default();
                    found.tests.push((shown.clone(), name.clone()));
                }
            }
        }
    }
    for rule in fs::read_dir(root.join("crates/audit/rules")).unwrap() {
        let rule = rule.unwrap().file_name().into_string().unwrap();
        if let Some((id, _)) = rule.split_once('.') {
            evidence.entry(id.to_owned()).or_default().rules += 1;
        }
    }
    for (id, name) in EXAMPLES {
        let tests = evidence.get(id).map(|found| found.tests.as_slice());
        let exists = tests.is_some_and(|tests| tests.iter().any(|(_, test)| test == name));
        assert!(exists, "{id} has no test {name}");
    }
    let ids = catalogue_ids(&catalogue);
    assert!(
        ids.len() > 80,
        "the catalogue has {} requirements",
        ids.len()
    );
    document::assert_current(
        &root.join("docs/catalogue-status.md"),
        &page(&ids, &evidence),
    );
}

fn page(ids: &[String], evidence: &BTreeMap<String, Evidence>) -> String {
    let mut page = String::from(
        "# Status of the catalogue\n\n\
         This page is generated from the names of the tests and the rules of the auditor. It says for each\n\
         requirement of the [catalogue](catalogue.md) whether a test covers it. Most tests cover one part of\n\
         their requirement, and a requirement may have parts without a test.\n\n\
         - **kept**: tests of the framework or of a platform carry the ID of the requirement.\n\
         - **audited**: only rules of the auditor cover the requirement.\n\
         - **planned**: no test and no rule carries the ID.\n\n\
         | ID | Status | Audit rule | One of the tests |\n\
         | --- | --- | --- | --- |\n",
    );
    let none = Evidence::default();
    for id in ids {
        let found = evidence.get(id).unwrap_or(&none);
        let status = match (found.tests.len(), found.rules) {
            (0, 0) => "planned",
            (0, _) => "audited",
            _ => "kept",
        };
        let rule = if found.rules > 0 { "yes" } else { "" };
        let chosen = EXAMPLES.iter().find(|(of, _)| *of == id.as_str());
        let example = match chosen {
            Some((_, chosen)) => found
                .tests
                .iter()
                .find(|(_, name)| name.as_str() == *chosen),
            None => found.tests.iter().min_by_key(|(_, name)| name.len()),
        };
        let example = example.map(|(file, name)| format!("`{name}` in `{file}`"));
        writeln!(
            page,
            "| {id} | {status} | {rule} | {} |",
            example.unwrap_or_default()
        )
        .unwrap();
    }
    page
}

/// The IDs in the first column of the tables of the catalogue.
fn catalogue_ids(catalogue: &str) -> Vec<String> {
    let cells = catalogue
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    cells
        .map(|(cell, _)| cell.to_owned())
        .filter(|cell| {
            cell.split_once('-').is_some_and(|(area, number)| {
                !area.is_empty()
                    && area.chars().all(|letter| letter.is_ascii_uppercase())
                    && number.parse::<u8>().is_ok()
            })
        })
        .collect()
}

/// The names of all functions. Only tests have IDs in their names. Macros make some of them tests
/// of each engine, so these functions have no test attribute.
fn function_names(source: &str) -> Vec<String> {
    let names = source.lines().filter_map(|line| {
        let (before, after) = line.trim().split_once("fn ")?;
        let is_declaration = before
            .split_whitespace()
            .all(|word| QUALIFIERS.contains(&word));
        let name = after.split(['(', '<']).next()?;
        is_declaration.then(|| name.to_owned())
    });
    names.collect()
}

/// The IDs in the name of a test: `_auth_3` is `AUTH-3`.
fn ids_of(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split('_').collect();
    let pairs = words.windows(2).filter_map(|pair| match pair {
        [area, number] if number.len() <= 2 && number.parse::<u8>().is_ok() => {
            Some(format!("{}-{number}", area.to_uppercase()))
        }
        _ => None,
    });
    pairs.collect()
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
