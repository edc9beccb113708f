//! Django: URL patterns, django-cors-headers.

use crate::model::facts::{Cors, CorsOrigins, Mount, Route};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Django",
    reader: Reader::Code(&[Language::Python], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let settings = code.file.text.contains("INSTALLED_APPS");
    if settings
        && let Some(value) = code
            .binding("CORS_ALLOW_ALL_ORIGINS")
            .or_else(|| code.binding("CORS_ORIGIN_ALLOW_ALL"))
    {
        let credentials = code
            .binding("CORS_ALLOW_CREDENTIALS")
            .map_or(Resolution::Known(false), |value| code.boolean(value));
        let all = code.boolean(value);
        let reflected = credentials == Resolution::Known(true);
        let origins = all.map(|all| match (all, reflected) {
            (true, true) => CorsOrigins::Reflected,
            (true, false) => CorsOrigins::Any,
            (false, _) => CorsOrigins::List(Vec::new()),
        });
        facts.add(
            Cors {
                library: "django-cors-headers",
                origins,
                credentials,
            },
            code.place(value),
        );
    }
    if !code.imports_module("django") && !code.imports_module("rest_framework") {
        return;
    }
    if code.file.text.contains("urlpatterns") {
        facts.covers::<Route>();
        facts.covers::<Mount>();
    }
    for call in &code.calls {
        match call.method {
            "path" | "re_path" | "url" if call.receiver.is_empty() && call.arguments.len() >= 2 => {
                pattern(code, call, facts)
            }
            "register" if call.receiver.ends_with("router") => {
                let path = call
                    .positional(0)
                    .map_or(Resolution::Absent, |path| code.string(path))
                    .map(|path| format!("/{path}/*"));
                facts.add(route(path, call.receiver), code.place(call.node));
            }
            _ => {}
        }
    }
}

fn route(path: Resolution<String>, pipeline: &str) -> Route {
    Route {
        method: "*".to_owned(),
        path,
        may_be_mounted: true,
        handler: String::new(),
        pipeline: pipeline.to_owned(),
    }
}

fn pattern(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let (Some(path), Some(view)) = (call.positional(0), call.positional(1)) else {
        return;
    };
    let text = code
        .string(path)
        .map(|path| format!("/{}", path.trim_start_matches(['/', '^'])));
    let text = match text {
        Resolution::Known(text)
            if call.method != "path" && text.contains(['(', '[', '\\', '*', '+', '?']) =>
        {
            Resolution::Unknown("the path is an expression".to_owned())
        }
        Resolution::Known(text) => Resolution::Known(text.trim_end_matches('$').to_owned()),
        other => other,
    };
    if code.text(view).starts_with("include(") || code.text(view).ends_with(".urls") {
        facts.add(
            Mount {
                prefix: text,
                target: code.text(view).to_owned(),
            },
            code.place(call.node),
        );
    } else {
        facts.add(route(text, "urlpatterns"), code.place(call.node));
    }
}
