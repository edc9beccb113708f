//! Clients that no request of a service uses: those of command lines, and beans without a call.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Model, Service};
use crate::repository::Role;
use crate::rule::Breach;
use crate::source::{Language, SourceFile};

/// Code that starts a server. A command line with it is a service.
const SERVES: &[&str] = &[
    "ListenAndServe",
    "http.Server{",
    "grpc.NewServer(",
    ".Serve(",
];
/// `RestTemplate restTemplate` of a field, a parameter or a method.
static TYPED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bRestTemplate\s+(?P<name>\w+)").ok());
/// Maximum number of lines between an annotation and the body of its method.
const MAX_LINES: usize = 5;

/// Whether only command lines run the place, or no code calls the bean that it makes.
pub(super) fn is_unused(model: &Model, service: &Service, breach: &Breach) -> bool {
    let Some(found) = model.files.get(&breach.at.path) else {
        return false;
    };
    let file = &found.file;
    let before = file.text.get(..breach.at.span.start).unwrap_or_default();
    match file.language {
        Language::Go => is_for_command_lines(model, file, before),
        Language::Java => is_bean(before) && !is_injected_and_called(model, service),
        _ => false,
    }
}

/// Whether the function around the end of a text takes a command of cobra, and no file that calls
/// the function starts a server.
fn is_for_command_lines(model: &Model, file: &SourceFile, before: &str) -> bool {
    let Some((_, function)) = before.rsplit_once("\nfunc ") else {
        return false;
    };
    let header = function.lines().next().unwrap_or_default();
    let name: String = header
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect();
    if name.is_empty() || !header.contains("*cobra.Command") {
        return false;
    }
    let serves = |text: &str| SERVES.iter().any(|word| text.contains(word));
    let (call, value) = (format!("{name}("), format!(": {name},"));
    !serves(&file.text)
        && !name.to_lowercase().contains("serve")
        && !model.files.values().any(|found| {
            found.file.language == Language::Go
                && found.file.role == Role::Production
                && (found.file.text.contains(&call) || found.file.text.contains(&value))
                && serves(&found.file.text)
        })
}

fn is_bean(before: &str) -> bool {
    before
        .lines()
        .rev()
        .take(MAX_LINES)
        .any(|line| line.trim() == "@Bean")
        && before
            .lines()
            .rev()
            .take(MAX_LINES)
            .any(|line| line.contains("RestTemplate "))
}

/// Whether a file of the service calls a `RestTemplate`, or passes one to other code.
fn is_injected_and_called(model: &Model, service: &Service) -> bool {
    let texts: Vec<&str> = model
        .files_of(service)
        .filter(|found| matches!(found.file.language, Language::Java | Language::Kotlin))
        .map(|found| &*found.file.text)
        .collect();
    let names: Vec<&str> = texts
        .iter()
        .flat_map(|text| {
            TYPED
                .iter()
                .flat_map(move |regex| regex.captures_iter(text))
        })
        .filter_map(|captures| captures.name("name"))
        .map(|name| name.as_str())
        .collect();
    names.is_empty()
        || names.iter().any(|name| {
            let uses = [
                format!("{name}."),
                format!("({name})"),
                format!("({name},"),
                format!(", {name})"),
                format!(", {name},"),
                format!("{name}()."),
                format!("({name}()"),
            ];
            texts
                .iter()
                .any(|text| uses.iter().any(|part| text.contains(part.as_str())))
        })
}
