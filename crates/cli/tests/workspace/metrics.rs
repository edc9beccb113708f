//! The metrics that the framework and the platforms register, as a page of the documentation.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use proc_macro2::{Delimiter, Group, TokenTree};

use super::{
    assert_committed,
    sources::{Source, sources, string},
};

const PAGE: &str = "docs/metrics.md";

/// The methods that register a metric, and its type.
const METHODS: [(&str, &str); 6] = [
    ("counter", "counter"),
    ("observable_counter", "counter"),
    ("gauge", "gauge"),
    ("observable_gauge", "gauge"),
    ("histogram", "histogram"),
    ("info", "info"),
];

#[derive(Debug, PartialEq, Eq)]
struct Metric {
    kind: &'static str,
    help: String,
    labels: Vec<String>,
    /// The crates or services that register the metric.
    parts: BTreeSet<String>,
}

/// A file as a flat list of tokens, so that a call finds the declarations before it.
struct Flat<'a> {
    source: &'a Source,
    tokens: Vec<TokenTree>,
}

impl<'a> Flat<'a> {
    fn new(source: &'a Source) -> Self {
        let mut tokens = Vec::new();
        flatten(&source.tokens, &mut tokens);
        Self { source, tokens }
    }

    fn is(&self, at: usize, sign: char) -> bool {
        matches!(self.tokens.get(at), Some(TokenTree::Punct(it)) if it.as_char() == sign)
    }

    fn identifier(&self, at: usize) -> Option<String> {
        match self.tokens.get(at)? {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        }
    }

    fn arguments(&self, at: usize) -> Option<Vec<Vec<TokenTree>>> {
        match self.tokens.get(at)? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                Some(arguments(group))
            }
            _ => None,
        }
    }

    /// The tokens after the last `let NAME =` before `at`, or after `const NAME: &str =`.
    fn declaration(&self, name: &str, at: usize) -> Option<&[TokenTree]> {
        let is_declared = |index: &usize, keyword: &str| {
            let before = index.checked_sub(1).and_then(|it| self.identifier(it));
            self.identifier(*index).is_some_and(|it| it == name)
                && before.is_some_and(|it| it == keyword)
        };
        let local = (0..at).rev().find(|it| is_declared(it, "let"));
        let constant = || (0..self.tokens.len()).find(|it| is_declared(it, "const"));
        let index = local.or_else(constant)?;
        let equals = (index..self.tokens.len()).find(|it| self.is(*it, '='))?;
        self.tokens.get(equals + 1..)
    }

    /// The text of an argument: a literal, or the name of a declared one.
    fn text(&self, argument: &[TokenTree], at: usize) -> Option<String> {
        let [token] = argument else { return None };
        match token {
            TokenTree::Ident(name) => string(self.declaration(&name.to_string(), at)?.first()?),
            token => string(token),
        }
    }

    /// The names of labels in `&[("name", value)]`, or in a declared list.
    fn labels(&self, argument: &[TokenTree], at: usize) -> Option<Vec<String>> {
        let argument = match argument {
            [TokenTree::Punct(_), rest @ ..] => rest,
            argument => argument,
        };
        match argument {
            [TokenTree::Group(list)] => {
                let tuples = arguments(list);
                let name = |tuple: &Vec<TokenTree>| match tuple.as_slice() {
                    [TokenTree::Group(pair)] => string(arguments(pair).first()?.first()?),
                    _ => None,
                };
                tuples.iter().map(name).collect()
            }
            [TokenTree::Ident(name)] => {
                let declared = self.declaration(&name.to_string(), at)?;
                let list = declared
                    .iter()
                    .find(|token| matches!(token, TokenTree::Group(_)))?;
                self.labels(std::slice::from_ref(list), at)
            }
            _ => None,
        }
    }

    /// The name of the closure `let NAME = |…|` that contains `at`, if one does.
    fn closure(&self, at: usize) -> Option<String> {
        (2..at).rev().find_map(|index| {
            let is_closure = self.is(index, '|') || self.identifier(index)? == "move";
            let is_assigned = self.is(index - 1, '=');
            (is_closure && is_assigned).then(|| self.identifier(index - 2))?
        })
    }

    /// All metrics of the file.
    fn metrics(&self, metrics: &mut BTreeMap<String, Metric>, unresolved: &mut Vec<String>) {
        for at in 0..self.tokens.len() {
            let Some((kind, arguments)) = self.registration(at) else {
                continue;
            };
            let (name, help) = (&arguments[0], &arguments[1]);
            let labels = arguments.iter().rev().find_map(|it| self.labels(it, at));
            let direct = (self.text(name, at), self.text(help, at), labels.clone());
            if let (Some(name), Some(help), Some(labels)) = direct {
                self.add(metrics, name, kind, help, labels);
                continue;
            }
            let Some(closure) = self.closure(at) else {
                unresolved.push(format!("{}: {arguments:?}", self.source.path));
                continue;
            };
            let mut calls = 0;
            for call in 0..self.tokens.len() {
                let is_call = self.identifier(call).is_some_and(|it| it == closure)
                    && !call.checked_sub(1).is_some_and(|it| self.is(it, '.'));
                let Some(given) = is_call.then(|| self.arguments(call + 1)).flatten() else {
                    continue;
                };
                let texts: Vec<_> = given.iter().filter_map(|it| self.text(it, call)).collect();
                let (first, rest) = match (self.text(name, at), texts.as_slice()) {
                    (Some(name), texts) => (name, texts.to_vec()),
                    (None, [name, rest @ ..]) => (name.clone(), rest.to_vec()),
                    (None, []) => continue,
                };
                let (help, rest) = match (self.text(help, at), rest.as_slice()) {
                    (Some(help), rest) => (help, rest.to_vec()),
                    (None, [help, rest @ ..]) => (help.clone(), rest.to_vec()),
                    (None, []) => continue,
                };
                calls += 1;
                self.add(metrics, first, kind, help, labels.clone().unwrap_or(rest));
            }
            if calls == 0 {
                unresolved.push(format!("{}: {closure} {arguments:?}", self.source.path));
            }
        }
    }

    /// The type and the arguments of a call that registers a metric.
    fn registration(&self, at: usize) -> Option<(&'static str, Vec<Vec<TokenTree>>)> {
        let method = self.identifier(at)?;
        let (_, kind) = METHODS.into_iter().find(|(known, _)| *known == method)?;
        let arguments = self.arguments(at + 1)?;
        let is_call = self.is(at.checked_sub(1)?, '.') && arguments.len() >= 3;
        is_call.then_some((kind, arguments))
    }

    fn add(
        &self,
        metrics: &mut BTreeMap<String, Metric>,
        name: String,
        kind: &'static str,
        help: String,
        labels: Vec<String>,
    ) {
        let parts = self.source.path.split('/').skip(1);
        let parts: Vec<_> = parts.take_while(|part| *part != "src").collect();
        let part = parts.join("/");
        let known = metrics.entry(name).or_insert_with(|| Metric {
            kind,
            help,
            labels,
            parts: BTreeSet::new(),
        });
        known.parts.insert(part);
        if known.kind != kind {
            panic!("a metric with two types: {known:?}");
        }
    }
}

fn flatten(tokens: &[TokenTree], flat: &mut Vec<TokenTree>) {
    for token in tokens {
        flat.push(token.clone());
        if let TokenTree::Group(group) = token {
            flatten(&group.stream().into_iter().collect::<Vec<_>>(), flat);
        }
    }
}

/// The parts of a group between its commas.
fn arguments(group: &Group) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<_> = group.stream().into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ',');
    let parts = tokens.split(is_comma).map(<[TokenTree]>::to_vec);
    parts.filter(|part| !part.is_empty()).collect()
}

#[test]
fn metrics_are_documented_obs_5() {
    let (mut framework, mut platforms) = (BTreeMap::new(), BTreeMap::new());
    let mut unresolved = Vec::new();
    for source in sources() {
        let metrics = match source.path.starts_with("crates/") {
            true => &mut framework,
            false => &mut platforms,
        };
        let is_registry = source
            .path
            .starts_with("crates/telemetry/src/metrics/registry");
        if !is_registry {
            Flat::new(&source).metrics(metrics, &mut unresolved);
        }
    }
    assert!(
        unresolved.is_empty(),
        "metrics without a literal name, help text or labels:\n{}",
        unresolved.join("\n")
    );
    // Two crates register this metric.
    let reloads = framework["config_reload_failures_total"].parts.iter();
    assert_eq!(reloads.collect::<Vec<_>>(), ["flags", "service"]);
    let mut page = String::from(
        "# Metrics\n\n\
         The metrics of the framework. A service has the metrics of the parts that it uses.\n\
         This page is generated from the source code. Renew it with\n\
         `SEAWORTHY_UPDATE=1 cargo test -p seaworthy-cli --test workspace`.\n\n",
    );
    table(&mut page, "Crates", &framework);
    page.push_str("\n## Platforms\n\nThe services of the platforms also have these metrics.\n\n");
    table(&mut page, "Services", &platforms);
    assert_committed(PAGE, &page);
}

/// Appends a table of metrics.
fn table(page: &mut String, part: &str, metrics: &BTreeMap<String, Metric>) {
    let _ = writeln!(
        page,
        "| Name | Type | Labels | Meaning | {part} |\n| --- | --- | --- | --- | --- |"
    );
    for (name, metric) in metrics {
        let labels: Vec<_> = metric.labels.iter().map(|it| format!("`{it}`")).collect();
        let parts: Vec<_> = metric.parts.iter().map(String::as_str).collect();
        let (labels, parts) = (labels.join(", "), parts.join(", "));
        let Metric { kind, help, .. } = metric;
        let _ = writeln!(page, "| `{name}` | {kind} | {labels} | {help} | {parts} |");
    }
}
