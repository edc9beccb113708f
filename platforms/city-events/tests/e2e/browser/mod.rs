//! The pages in Chromium. Each step presses a visible element.

mod adopted;
mod app;
mod chrome;
mod hostile;
mod imports;
mod journeys;
mod links;
mod live;
mod oauth;
mod pictures;
mod script;
mod two_step;
