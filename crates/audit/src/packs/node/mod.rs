//! Node.js services in JavaScript and TypeScript.

mod environment;
mod express;
mod fastify;
mod http_client;
mod listener;
mod nest;
mod practice;
mod program;

use super::Pack;
use crate::source::Language;

pub(super) const PACKS: &[Pack] = &[
    environment::PACK,
    express::PACK,
    fastify::PACK,
    http_client::PACK,
    listener::PACK,
    nest::PACK,
    practice::PACK,
    program::PACK,
];

/// The languages of Node.js.
const LANGUAGES: &[Language] = &[Language::JavaScript, Language::TypeScript, Language::Tsx];
