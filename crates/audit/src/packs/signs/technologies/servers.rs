//! Servers of frameworks and languages without a grammar.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::Server;
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "servers in texts",
    reader: Reader::Text(read),
};

/// Suffixes of paths, the pattern, the framework, and whether it stops gracefully by itself.
type Entry = (&'static [&'static str], &'static str, &'static str, bool);

const ENTRIES: &[Entry] = &[
    (
        &["program.cs", "startup.cs"],
        r"WebApplication\.Create(?:Slim)?Builder|ConfigureWebHostDefaults|WebHost\.CreateDefaultBuilder",
        "ASP.NET Core",
        true,
    ),
    (
        &[
            "routes/api.php",
            "routes/web.php",
            "public/index.php",
            "web/index.php",
            "html/index.php",
            "src/index.php",
            "bootstrap/app.php",
        ],
        r"<\?php",
        "PHP",
        true,
    ),
    (
        &["config/routes.rb"],
        r"Rails\.application\.routes|routes\.draw",
        "Rails",
        true,
    ),
    (
        &[".rb"],
        r"require ['\x22]sinatra|< Grape::API|< Sinatra::Base|< Roda\b|< Hanami::API",
        "Ruby",
        true,
    ),
    (&[".ts"], r"\.listenAsync\(", "NestJS", false),
    // The listener may be in a library, so these show only that the program serves requests.
    (&[".go"], r"\bmux\.NewRouter\(", "gorilla/mux", true),
    (&[".go"], r"\bfiber\.New\(", "Fiber", true),
    (&[".go"], r"\bhttprouter\.New\(", "httprouter", true),
    (&[".go"], r"\bfasthttp\.ListenAndServe", "fasthttp", true),
    (&[".go"], r"\biris\.(?:New|Default)\(", "Iris", true),
    (&[".go"], r"\b(?:beego|web)\.Run\(", "Beego", true),
    (&[".ts", ".js", ".mjs"], r"\bHapi\.server\(", "hapi", true),
    (&[".ts", ".js", ".mjs"], r"\bnew Hono\b", "Hono", true),
    (
        &[".ts", ".js", ".mjs"],
        r"\bnew ApolloServer\b",
        "Apollo",
        true,
    ),
    (
        &[".py"],
        r"\baiohttp\b[\s\S]*\bweb\.Application\(",
        "aiohttp",
        true,
    ),
    (&[".py"], r"\btornado\.web\.Application\(", "Tornado", true),
    (&[".py"], r"=\s*Sanic\(", "Sanic", true),
    (&[".py"], r"=\s*Starlette\(", "Starlette", true),
    (
        &[".py"],
        r"\bfalcon\.(?:asgi\.)?(?:App|API)\(",
        "Falcon",
        true,
    ),
];

static COMPILED: LazyLock<Vec<(Entry, Regex)>> = LazyLock::new(|| {
    ENTRIES
        .iter()
        .filter_map(|entry| Some((*entry, ascii(entry.1)?)))
        .collect()
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production {
        return;
    }
    let path = file.path.to_lowercase();
    for ((ends, _, framework, stops_by_itself), regex) in COMPILED.iter() {
        if !ends.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        if let Some(found) = regex.find(&file.text) {
            let server = Server {
                framework,
                stops_by_itself: *stops_by_itself,
            };
            facts.add(server, found.range());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COMPILED, ENTRIES};

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), ENTRIES.len());
    }
}
