//! Lists objects in the order of their keys, with bounded memory.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::Path,
};

use super::{
    format::read_meta,
    layout::{DIRECTORY, FILE},
};
use crate::{ListOptions, ListPage, ListedObject, ObjectKey};

/// Walks the directories below one with the objects.
struct Walk<'a> {
    prefix: &'a str,
    after: &'a str,
    /// One more than the page, to know whether it is the last one.
    wanted: usize,
    found: Vec<ListedObject>,
}

pub(super) fn list(objects: &Path, options: &ListOptions) -> io::Result<ListPage> {
    let after = options.after.as_ref().map_or("", ObjectKey::as_str);
    let max_keys = usize::from(options.max_keys);
    let mut walk = Walk {
        prefix: &options.prefix,
        after,
        wanted: max_keys + 1,
        found: Vec::new(),
    };
    walk.directory(objects, "")?;
    let mut objects = walk.found;
    let is_last = objects.len() <= max_keys;
    objects.truncate(max_keys);
    let next = objects.last().map(|last| last.key.clone());
    Ok(ListPage {
        objects,
        next: next.filter(|_| !is_last),
    })
}

impl Walk<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.wanted
    }

    /// Adds the objects of a directory, whose keys begin with `path`.
    fn directory(&mut self, directory: &Path, path: &str) -> io::Result<()> {
        let mut after = None;
        while !self.is_full() {
            // Empty directories count too, so one round may not fill the page.
            let names = self.names(directory, path, after.as_ref())?;
            let is_last = names.len() < self.wanted;
            for name in &names {
                if self.is_full() {
                    return Ok(());
                }
                match name.strip_suffix('/') {
                    Some(segment) => {
                        let below = directory.join(format!("{DIRECTORY}{segment}"));
                        self.directory(&below, &format!("{path}{name}"))?;
                    }
                    None => self.object(&directory.join(format!("{FILE}{name}")), path, name)?,
                }
            }
            after = names.into_iter().next_back();
            if is_last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns the first names after a name. Names of directories end with a slash, so their order
    /// is the order of the keys.
    fn names(
        &self,
        directory: &Path,
        path: &str,
        after: Option<&String>,
    ) -> io::Result<BTreeSet<String>> {
        let mut first = BTreeSet::new();
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            // A concurrent delete removed the directory with its last object.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(first),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else { continue };
            let name = if let Some(segment) = name.strip_prefix(DIRECTORY) {
                format!("{segment}/")
            } else if let Some(segment) = name.strip_prefix(FILE) {
                segment.to_owned()
            } else {
                continue;
            };
            if after.is_some_and(|after| name <= *after) || !self.concerns(path, &name) {
                continue;
            }
            first.insert(name);
            if first.len() > self.wanted {
                first.pop_last();
            }
        }
        Ok(first)
    }

    /// Returns whether an object, or an object below a directory, may be part of the page.
    fn concerns(&self, path: &str, name: &str) -> bool {
        let key = format!("{path}{name}");
        if name.ends_with('/') {
            let has_prefix = key.starts_with(self.prefix) || self.prefix.starts_with(&key);
            has_prefix && (key.as_str() > self.after || self.after.starts_with(&key))
        } else {
            key.starts_with(self.prefix) && key.as_str() > self.after
        }
    }

    fn object(&mut self, file: &Path, path: &str, name: &str) -> io::Result<()> {
        let Ok(key) = ObjectKey::new(format!("{path}{name}")) else {
            return Ok(());
        };
        let meta = match File::open(file) {
            Ok(mut file) => read_meta(&mut file)?,
            // A concurrent delete removed the object after the directory was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        self.found.push(ListedObject {
            key,
            size: meta.size,
            etag: meta.etag,
            modified: meta.modified,
        });
        Ok(())
    }
}
