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
    "github.com/caarlos0/env",
    "github.com/ilyakaznacheev/cleanenv",
    "github.com/knadh/koanf",
    "github.com/go-kratos/kratos",
    "github.com/sethvargo/go-envconfig",
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
