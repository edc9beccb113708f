//! All services in the process of the test.

mod bans;
mod clock;
mod contract;
mod covers;
mod cross_site;
mod crowd;
mod embedded;
mod forged_tokens;
mod gateway;
mod imports;
mod live;
pub(crate) mod media;
mod oauth;
mod outages;
mod pages;
mod private_files;
mod program;
mod rotation;
