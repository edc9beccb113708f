//! Facts of every Python program: imports, and unsupported routers.

use crate::model::FactSink;
use crate::model::facts::{Import, Route};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Python programs",
    reader: Reader::Code(&[Language::Python], read),
};

/// Frameworks whose routes are not read yet.
const OTHER_ROUTERS: &[&str] = &[
    "aiohttp.web",
    "sanic",
    "starlette.routing",
    "tornado",
    "litestar",
    "falcon",
    "bottle",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for import in &code.imports {
        facts.add(
            Import {
                path: import.path.to_owned(),
            },
            import.span.clone(),
        );
        if OTHER_ROUTERS
            .iter()
            .any(|router| import.path == *router || import.path.starts_with(&format!("{router}.")))
        {
            facts.gap::<Route>(
                format!("routes of {} are not read yet", import.path),
                import.span.clone(),
            );
        }
    }
}
