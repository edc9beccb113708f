use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use flate2::{Compression, write::GzEncoder};

use super::config::LogFileConfig;

/// The folder of log files without a path.
const FOLDER: &str = "logs";
/// The suffix of the name of a compressed backup.
const COMPRESSED: &str = ".gz";
/// The suffix of the name of a backup during its compression.
const INCOMPLETE: &str = ".gz.part";

/// A file of log lines. When it is full, it becomes `FILE.1`, and `FILE.1` becomes `FILE.2`. With
/// compression, a thread turns `FILE.1` into `FILE.1.gz`.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    max_size: u64,
    max_age: Duration,
    max_backups: u32,
    compress: bool,
    /// The compression of the newest backup.
    compressing: Option<JoinHandle<()>>,
}

impl LogFile {
    /// Opens the file, and creates it and its folder if necessary. `service` names a file without a
    /// path.
    pub(crate) fn open(config: &LogFileConfig, service: &str) -> io::Result<Self> {
        let path = match &config.path {
            Some(path) => path.clone(),
            None => Path::new(FOLDER).join(format!("{service}.log")),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = append(&path)?;
        let log = Self {
            size: file.metadata()?.len(),
            file,
            path,
            max_size: config.max_size.get(),
            max_age: config.max_age.get(),
            max_backups: config.max_backups,
            compress: config.compress,
            compressing: None,
        };
        log.remove_old();
        Ok(log)
    }

    /// Writes lines. A line is never split between two files.
    pub(crate) fn write(&mut self, mut lines: &[u8]) -> io::Result<()> {
        while !lines.is_empty() {
            let room = self.max_size.saturating_sub(self.size);
            let mut fitting = fitting(lines, room);
            if fitting == 0 && self.size > 0 {
                self.rotate()?;
                continue;
            }
            if fitting == 0 {
                // A line that is longer than the maximum size has a separate file.
                fitting = first_line(lines);
            }
            let (now, rest) = lines.split_at_checked(fitting).unwrap_or((lines, &[]));
            self.file.write_all(now)?;
            self.size = self.size.saturating_add(now.len() as u64);
            lines = rest;
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.finish_compression();
        // Fewer backups than the maximum may exist, and a backup has one of the two names.
        for ending in ["", COMPRESSED] {
            let _ = fs::remove_file(self.backup(self.max_backups, ending));
        }
        for number in (1..self.max_backups).rev() {
            let next = number.saturating_add(1);
            for ending in ["", COMPRESSED] {
                let _ = fs::rename(self.backup(number, ending), self.backup(next, ending));
            }
        }
        match self.max_backups {
            0 => fs::remove_file(&self.path)?,
            _ => fs::rename(&self.path, self.backup(1, ""))?,
        }
        if self.compress && self.max_backups > 0 {
            let backup = self.backup(1, "");
            // A backup that cannot be compressed stays uncompressed.
            let work = move || drop(compress(&backup));
            let thread = thread::Builder::new().name("log-compression".to_owned());
            self.compressing = thread.spawn(work).ok();
        }
        self.file = append(&self.path)?;
        self.size = 0;
        self.remove_old();
        Ok(())
    }

    fn finish_compression(&mut self) {
        if let Some(thread) = self.compressing.take() {
            // A panic leaves the backup uncompressed.
            let _ = thread.join();
        }
    }

    fn backup(&self, number: u32, ending: &str) -> PathBuf {
        with_ending(&self.path, &format!(".{number}{ending}"))
    }

    /// Removes backups whose last line is older than the maximum age.
    fn remove_old(&self) {
        let now = SystemTime::now();
        let backups = (1..=self.max_backups)
            .flat_map(|number| ["", COMPRESSED].map(|ending| self.backup(number, ending)));
        for path in backups {
            let written = fs::metadata(&path).and_then(|state| state.modified());
            let age = written.map(|written| now.duration_since(written).unwrap_or_default());
            if age.is_ok_and(|age| age > self.max_age) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.finish_compression();
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    name.into()
}

/// Replaces a backup by a compressed one. After a crash, at least one of them is complete.
fn compress(backup: &Path) -> io::Result<()> {
    let incomplete = with_ending(backup, INCOMPLETE);
    let mut plain = File::open(backup)?;
    let mut encoder = GzEncoder::new(File::create(&incomplete)?, Compression::fast());
    io::copy(&mut plain, &mut encoder)?;
    encoder.finish()?.sync_all()?;
    fs::rename(&incomplete, with_ending(backup, COMPRESSED))?;
    fs::remove_file(backup)
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Returns the length of the whole lines that fit into `room` bytes.
fn fitting(lines: &[u8], room: u64) -> usize {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    match lines.get(..room) {
        Some(within) => {
            let last = within.iter().rposition(|byte| *byte == b'\n');
            last.map_or(0, |last| last.saturating_add(1))
        }
        None => lines.len(),
    }
}

fn first_line(lines: &[u8]) -> usize {
    let end = lines.iter().position(|byte| *byte == b'\n');
    end.map_or(lines.len(), |end| end.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use seaworthy_core::{ByteSize, Lifetime};

    use super::*;

    fn config(folder: &Path) -> LogFileConfig {
        LogFileConfig {
            path: Some(folder.join("new/service.log")),
            max_size: ByteSize::bytes(10),
            max_backups: 2,
            ..LogFileConfig::default()
        }
    }

    fn read(folder: &Path, name: &str) -> Option<String> {
        fs::read_to_string(folder.join("new").join(name)).ok()
    }

    #[test]
    fn full_file_becomes_a_backup_with_whole_lines_obs_1() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let mut log = LogFile::open(&config, "orders").unwrap();
        log.write(b"one\ntwo\nthree\n").unwrap();
        drop(log);
        let mut log = LogFile::open(&config, "orders").unwrap();
        log.write(b"four\nlonger than a file\n").unwrap();
        let file = |name| read(folder.path(), name);
        assert_eq!(file("service.log").unwrap(), "longer than a file\n");
        assert_eq!(file("service.log.1").unwrap(), "four\n");
        assert_eq!(file("service.log.2").unwrap(), "three\n");
        assert_eq!(file("service.log.3"), None, "there are at most two backups");
    }

    #[test]
    fn backups_are_compressed_and_numbered_obs_1() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        let write = |config: &LogFileConfig, lines: &[u8]| {
            LogFile::open(config, "orders")
                .unwrap()
                .write(lines)
                .unwrap();
        };
        let unpacked = |name| {
            let packed = fs::read(folder.path().join("new").join(name)).ok()?;
            let mut text = String::new();
            let mut decoder = flate2::read::GzDecoder::new(packed.as_slice());
            io::Read::read_to_string(&mut decoder, &mut text).unwrap();
            Some(text)
        };
        // A backup that was written without compression stays uncompressed.
        write(&config, b"one two\nthree four\n");
        config.compress = true;
        write(&config, b"five six\n");
        assert_eq!(unpacked("service.log.1.gz").unwrap(), "three four\n");
        assert_eq!(read(folder.path(), "service.log.2").unwrap(), "one two\n");
        write(&config, b"seven\neight\n");
        assert_eq!(unpacked("service.log.1.gz").unwrap(), "seven\n");
        assert_eq!(unpacked("service.log.2.gz").unwrap(), "five six\n");
        let files = fs::read_dir(folder.path().join("new")).unwrap();
        assert_eq!(files.count(), 3, "there are at most two backups");
    }

    #[test]
    fn old_backups_are_removed_obs_1() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        let mut log = LogFile::open(&config, "orders").unwrap();
        log.write(b"one\ntwo three\n").unwrap();
        assert_eq!(read(folder.path(), "service.log.1").unwrap(), "one\n");
        let backup = File::options()
            .write(true)
            .open(folder.path().join("new/service.log.1"))
            .unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        backup.set_modified(SystemTime::now() - 2 * day).unwrap();
        config.max_age = Lifetime::from_days(1);
        LogFile::open(&config, "orders").unwrap();
        assert_eq!(read(folder.path(), "service.log.1"), None);
        assert_eq!(read(folder.path(), "service.log").unwrap(), "two three\n");
    }
}
