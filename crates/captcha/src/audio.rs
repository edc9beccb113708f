//! Speaks digits: a formant synthesizer (D. Klatt, "Software for a cascade/parallel formant
//! synthesizer", 1980) with few phonemes, a random voice and background noise.

use std::f32::consts::{PI, TAU};

use rand::{Rng, RngExt as _};

/// Samples per second, as in telephony.
const RATE: u16 = 8_000;
/// The bandwidths of the formants in Hz.
const BANDWIDTHS: [f32; 3] = [70.0, 100.0, 140.0];
/// The samples between two changes of the formants: 10 ms.
const STEP: u16 = 80;
/// The share of the way to the next phoneme that the formants move per step.
const GLIDE: f32 = 0.38;
/// The length of the fade at both ends of a phoneme, in samples.
const EDGE: u16 = 80;
/// The loudness of the background noise.
const BACKGROUND: f32 = 0.05;
/// The length of a pause, in samples.
const PAUSE: std::ops::Range<u16> = 2_800..5_600;

/// A phoneme: its formants, the loudness of the voice and of the noise, the frequency of the noise,
/// and the length in ms.
struct Phoneme {
    formants: [f32; 3],
    voice: f32,
    noise: f32,
    noise_at: f32,
    ms: u16,
}

const fn voiced(formants: [f32; 3], voice: f32, ms: u16) -> Phoneme {
    Phoneme {
        formants,
        voice,
        noise: 0.0,
        noise_at: 1_000.0,
        ms,
    }
}

const fn noisy(noise: f32, noise_at: f32, ms: u16) -> Phoneme {
    Phoneme {
        formants: [400.0, 1_600.0, 2_600.0],
        voice: 0.0,
        noise,
        noise_at,
        ms,
    }
}

/// Returns a phoneme. Formants of vowels are those of G. Peterson and H. Barney (1952).
const fn phoneme(name: char) -> Phoneme {
    match name {
        'i' => voiced([270.0, 2_290.0, 3_010.0], 1.0, 130),
        'I' => voiced([390.0, 1_990.0, 2_550.0], 1.0, 100),
        'e' => voiced([530.0, 1_840.0, 2_480.0], 1.0, 110),
        'a' => voiced([730.0, 1_090.0, 2_440.0], 1.0, 130),
        'A' => voiced([640.0, 1_190.0, 2_390.0], 1.0, 120),
        'o' => voiced([570.0, 840.0, 2_410.0], 1.0, 150),
        'u' => voiced([300.0, 870.0, 2_240.0], 1.0, 170),
        'r' => voiced([420.0, 1_300.0, 1_600.0], 0.8, 90),
        'w' => voiced([290.0, 610.0, 2_150.0], 0.7, 80),
        'n' => voiced([280.0, 1_700.0, 2_600.0], 0.45, 100),
        'v' => Phoneme {
            noise: 0.12,
            noise_at: 2_000.0,
            ..voiced([300.0, 1_200.0, 2_400.0], 0.4, 80)
        },
        'z' => Phoneme {
            noise: 0.3,
            noise_at: 3_400.0,
            ..voiced([280.0, 1_700.0, 2_500.0], 0.35, 90)
        },
        's' => noisy(0.5, 3_500.0, 130),
        'f' => noisy(0.2, 2_200.0, 120),
        'T' => noisy(0.14, 2_800.0, 110),
        't' => noisy(0.7, 3_200.0, 28),
        'k' => noisy(0.6, 1_800.0, 30),
        // The closure before a stop.
        _ => noisy(0.0, 1_000.0, 60),
    }
}

/// Returns the phonemes of a digit in English. `_` is a closure.
const fn word(digit: char) -> &'static str {
    match digit {
        '0' => "zirou",
        '1' => "wAn",
        '2' => "_tu",
        '3' => "Tri",
        '4' => "for",
        '5' => "faIv",
        '6' => "sI_ks",
        '7' => "sevAn",
        '8' => "eI_t",
        _ => "naIn",
    }
}

/// A resonance of the vocal tract: its coefficients and its last two outputs.
#[derive(Default)]
struct Resonator {
    b: f32,
    c: f32,
    last: [f32; 2],
}

impl Resonator {
    /// Sets the frequency and the bandwidth in Hz.
    fn tune(&mut self, frequency: f32, bandwidth: f32) {
        let period = 1.0 / f32::from(RATE);
        self.c = -(-TAU * bandwidth * period).exp();
        self.b = 2.0 * (-PI * bandwidth * period).exp() * (TAU * frequency * period).cos();
    }

    fn next(&mut self, input: f32) -> f32 {
        let [before, earlier] = self.last;
        let output = (1.0 - self.b - self.c) * input + self.b * before + self.c * earlier;
        self.last = [output, before];
        output
    }
}

/// The state of the voice.
struct Voice {
    pitch: f32,
    speed: f32,
    phase: f32,
    pulse: f32,
    formants: [f32; 3],
    cascade: [Resonator; 3],
    hiss: Resonator,
}

/// Speaks digits as a WAV file: 8 kHz, 8 bits, one channel.
pub(crate) fn wav(digits: &str) -> Vec<u8> {
    file(&speak(digits, &mut rand::rng()))
}

fn speak(digits: &str, random: &mut impl Rng) -> Vec<f32> {
    let mut voice = Voice {
        pitch: random.random_range(95.0..185.0),
        speed: random.random_range(0.95..1.25),
        phase: 0.0,
        pulse: 0.0,
        formants: [500.0, 1_500.0, 2_500.0],
        cascade: Default::default(),
        hiss: Resonator::default(),
    };
    let mut samples = Vec::new();
    pause(&mut samples, random);
    for digit in digits.chars() {
        for name in word(digit).chars() {
            voice.say(&phoneme(name), &mut samples, random);
        }
        pause(&mut samples, random);
        voice.pitch *= random.random_range(0.93..1.07);
    }
    let loudest = samples
        .iter()
        .fold(0.001_f32, |max, sample| max.max(sample.abs()));
    for sample in &mut samples {
        *sample = *sample / loudest * 0.9 + random.random_range(-BACKGROUND..BACKGROUND);
    }
    samples
}

fn pause(samples: &mut Vec<f32>, random: &mut impl Rng) {
    let length: u16 = random.random_range(PAUSE);
    samples.resize(samples.len() + usize::from(length), 0.0);
}

impl Voice {
    fn say(&mut self, phoneme: &Phoneme, samples: &mut Vec<f32>, random: &mut impl Rng) {
        let length = f32::from(phoneme.ms) * self.speed * f32::from(RATE) / 1_000.0;
        let length = length as u16;
        self.hiss.tune(phoneme.noise_at, 600.0);
        for index in 0..length {
            if index % STEP == 0 {
                self.glide(phoneme);
            }
            self.phase += self.pitch / f32::from(RATE);
            if self.phase >= 1.0 {
                self.phase -= 1.0;
                self.pulse += 1.0;
            }
            self.pulse *= 0.86;
            let edge = f32::from(index.min(length - index).min(EDGE)) / f32::from(EDGE);
            let mut sound = self.pulse * phoneme.voice * edge;
            for resonator in &mut self.cascade {
                sound = resonator.next(sound);
            }
            let noise = random.random_range(-1.0..1.0_f32) * phoneme.noise * edge;
            samples.push(sound + self.hiss.next(noise));
        }
    }

    /// Moves the formants a step towards those of a phoneme.
    fn glide(&mut self, phoneme: &Phoneme) {
        let targets = phoneme.formants.iter().zip(BANDWIDTHS);
        let own = self.formants.iter_mut().zip(&mut self.cascade);
        for ((formant, resonator), (target, bandwidth)) in own.zip(targets) {
            *formant += (target - *formant) * GLIDE;
            resonator.tune(*formant, bandwidth);
        }
    }
}

fn file(samples: &[f32]) -> Vec<u8> {
    let length = u32::try_from(samples.len()).unwrap_or_default();
    let rate = u32::from(RATE).to_le_bytes();
    let mut file = Vec::with_capacity(samples.len() + 44);
    file.extend(b"RIFF");
    file.extend((length + 36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1, 0, 1, 0]);
    file.extend(rate);
    file.extend(rate);
    // One byte per sample, eight bits.
    file.extend([1, 0, 8, 0]);
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    // A conversion of floats to integers saturates.
    file.extend(samples.iter().map(|sample| (sample * 127.0 + 128.0) as u8));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the mean loudness of samples.
    fn loudness(samples: &[f32]) -> f32 {
        samples.iter().map(|sample| sample.abs()).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn sound_is_a_wav_file_of_a_few_seconds_auth_2() {
        let sound = wav("274905");
        assert_eq!(
            (&sound[..4], &sound[8..16]),
            (&b"RIFF"[..], &b"WAVEfmt "[..])
        );
        let length = u32::from_le_bytes(sound[40..44].try_into().unwrap());
        assert_eq!(length as usize, sound.len() - 44);
        assert!((32_000..96_000).contains(&length), "{length}");
    }

    #[test]
    fn each_digit_sounds_between_pauses_auth_2() {
        for digit in "0123456789".chars() {
            let samples = speak(&digit.to_string(), &mut rand::rng());
            assert!(samples.iter().all(|sample| sample.is_finite()), "{digit}");
            let spoken = samples.chunks(800).map(loudness).fold(0.0, f32::max);
            let silent = loudness(&samples[..2_000]);
            assert!(spoken > 2.0 * silent, "{digit}: {spoken} {silent}");
        }
    }
}
