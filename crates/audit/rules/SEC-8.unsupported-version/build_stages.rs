//! Stages of a Dockerfile whose runtime is not shipped.

use crate::model::FileFacts;
use crate::model::facts::{Image, Stage};
use crate::rule::Breach;
use crate::source::Location;

/// Images whose runtime is not a part of what they build. Compilers such as Go link their library
/// into the program.
const BUILDERS: &[&str] = &["node", "maven", "gradle", "composer"];

/// Whether all places of a breach are stages that build files for another stage.
pub(super) fn are_the_only_places(found: &FileFacts, breach: &Breach) -> bool {
    let images = found.facts.of::<Image>();
    let Some(image) = images.items.first() else {
        return false;
    };
    let Some(last) = image.final_stage(None) else {
        return false;
    };
    let shipped = image.lineage(last);
    let is_builder = |stage: &Stage| {
        let name = stage.base.rsplit('/').next().unwrap_or(&stage.base);
        let name = name.split(['@', ':']).next().unwrap_or(name);
        BUILDERS.contains(&name) && !shipped.iter().any(|own| std::ptr::eq(*own, stage))
    };
    let places: Vec<&Location> = std::iter::once(&breach.at).chain(&breach.related).collect();
    places.iter().all(|place| {
        image
            .stages
            .iter()
            .find(|stage| stage.span.start < place.span.end && place.span.start < stage.span.end)
            .is_some_and(is_builder)
    })
}
