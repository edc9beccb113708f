//! Node.js services in JavaScript and TypeScript.

mod express;
mod listener;
mod program;

use super::Pack;
use crate::source::Language;

pub(super) const PACKS: &[Pack] = &[express::PACK, listener::PACK, program::PACK];

/// The languages of Node.js.
const LANGUAGES: &[Language] = &[Language::JavaScript, Language::TypeScript, Language::Tsx];
