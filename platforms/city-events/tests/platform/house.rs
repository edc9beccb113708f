use std::ops::Deref;

use city_events::{Folder, Platform, PlatformOptions};
use seaworthy::config::Profile;
use tempfile::TempDir;

use crate::people::Door;

/// A platform of one test, all of it in this process.
pub(crate) struct House {
    pub(crate) platform: Platform,
    pub(crate) place: TempDir,
    door: Door,
}

impl Deref for House {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    pub(crate) async fn open_with(set: &[&str]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let own = [
            "auth.rate_limit.enabled=false",
            "bff.rate_limit.enabled=false",
        ];
        let options = PlatformOptions {
            set: own
                .iter()
                .chain(set)
                .map(|text| (*text).to_owned())
                .collect(),
            free_ports: true,
            profile: Some(Profile::Development),
        };
        let platform = Platform::start(&folder, &options).await.unwrap();
        let door = platform.addresses("bff").unwrap().http;
        let mailbox = platform.addresses("email").unwrap().http;
        Self {
            door: Door::at(door, mailbox),
            platform,
            place,
        }
    }
}
