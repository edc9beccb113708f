//! Environment variables that Go code reads.

use crate::model::facts::EnvironmentRead;
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Go environment",
    reader: Reader::Code(&[Language::Go], read),
};

/// Libraries that read variables by names that they make.
const MAKERS: &[&str] = &[
    "github.com/spf13/viper",
    "github.com/kelseyhightower/envconfig",
    "github.com/knadh/koanf",
    "github.com/go-kratos/kratos",
];
/// Texts in files that add a prefix to tag names, or derive names from fields.
const PREFIXES: &[&str] = &[
    "envPrefix:",
    "env-prefix:",
    "Prefix:",
    "prefix=",
    "PrefixLookuper",
    "UseFieldNameByDefault",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<EnvironmentRead>();
    if let Some(import) = code
        .imports
        .iter()
        .find(|import| MAKERS.iter().any(|maker| import.path.starts_with(maker)))
    {
        facts.gap::<EnvironmentRead>(
            format!("{} computes variable names", import.path),
            import.span.clone(),
        );
    }
    tags(code, facts);
    for call in &code.calls {
        let standard = call.receiver == "os" && matches!(call.method, "Getenv" | "LookupEnv");
        let helper = call.arguments.len() == 2
            && matches!(
                call.method.to_lowercase().as_str(),
                "getenv"
                    | "getenvor"
                    | "envor"
                    | "getenvordefault"
                    | "getenvdefault"
                    | "envordefault"
                    | "getenvwithdefault"
                    | "mustgetenv"
                    | "env"
                    | "getstring"
            );
        if !standard && !helper {
            continue;
        }
        let Some(name) = call.positional(0) else {
            continue;
        };
        let name = code.string(name);
        if helper && name.is_unknown() {
            continue;
        }
        let fallback = if helper {
            call.positional(1)
                .map_or(Resolution::Absent, |value| code.string(value))
        } else {
            Resolution::Absent
        };
        facts.add(
            EnvironmentRead {
                name,
                fallback,
                required: false,
            },
            code.place(call.node),
        );
    }
}

/// Variables that a library reads into the fields of a struct by their tags:
/// `env:"NATS_URL" envDefault:"nats://127.0.0.1:4222"`.
fn tags(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let prefixed = PREFIXES.iter().any(|text| code.file.text.contains(text));
    if prefixed && code.file.text.contains("env:\"") {
        facts.gap::<EnvironmentRead>("a prefix belongs to the names of variables", 0..0);
    }
    for field in code.find_all(code.root, &["field_declaration"]) {
        let Some(tag) = field.child_by_field_name("tag") else {
            continue;
        };
        let text = code.text(tag);
        let Some(own) = value(text, "env").or_else(|| value(text, "envconfig")) else {
            continue;
        };
        let mut parts = own.split(',').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let options: Vec<&str> = parts.collect();
        if name.is_empty() || name == "-" || prefixed {
            continue;
        }
        let fallback = ["envDefault", "env-default", "default"]
            .iter()
            .find_map(|key| value(text, key))
            .or_else(|| {
                options
                    .iter()
                    .find_map(|option| option.strip_prefix("default="))
            });
        let required = options
            .iter()
            .any(|option| matches!(*option, "required" | "notEmpty"))
            || ["env-required", "required"]
                .iter()
                .any(|key| value(text, key) == Some("true"));
        facts.add(
            EnvironmentRead {
                name: Resolution::Known(name.to_owned()),
                fallback: fallback.map_or(Resolution::Absent, |text| {
                    Resolution::Known(text.to_owned())
                }),
                required,
            },
            code.place(field),
        );
    }
}

/// The value of a key of a tag.
fn value<'t>(tag: &'t str, key: &str) -> Option<&'t str> {
    let start = format!("{key}:\"");
    let at = tag.match_indices(&start).find_map(|(at, _)| {
        let before = tag.get(..at)?.chars().next_back();
        before
            .is_none_or(|letter| matches!(letter, '`' | ' '))
            .then_some(at)
    })?;
    tag.get(at + start.len()..)?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn the_key_of_a_tag_is_a_whole_word() {
        let tag = r#"`json:"a" env:"A_URL,required" envDefault:"b"`"#;
        assert_eq!(value(tag, "env"), Some("A_URL,required"));
        assert_eq!(value(tag, "envDefault"), Some("b"));
        assert_eq!(value(tag, "default"), None);
    }
}
