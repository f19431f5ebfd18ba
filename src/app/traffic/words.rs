//! Times and numbers of a recording, in words.

use crate::model::FlowEvidence;
use crate::observe::time::{self, Time};

/// `41,204`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `2026-11-03 09:00`.
pub fn stamp(time: Time) -> String {
    let text = time::text(time);
    text.chars().take(16).collect::<String>().replace('T', " ")
}

/// `5 Nov 09:00`.
pub fn day(time: Time) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = time::text(time);
    let part = |from: usize, count: usize| text.chars().skip(from).take(count).collect::<String>();
    let month = part(5, 2).parse::<usize>().unwrap_or_default();
    let month = MONTHS.get(month.saturating_sub(1)).unwrap_or(&"");
    format!(
        "{} {month} {}",
        part(8, 2).trim_start_matches('0'),
        part(11, 5)
    )
}

/// `09:00:05`.
pub fn clock(time: Time) -> String {
    time::text(time).chars().skip(11).take(8).collect()
}

/// `5 Nov 09:00 to 09:16`, with seconds where the interval needs them.
pub fn interval(start: Time, width: Time) -> String {
    let at = |time: Time| match width % (60 * time::SECOND) {
        0 => day(time),
        _ => day(time) + &clock(time).chars().skip(5).collect::<String>(),
    };
    let (first, last) = (at(start), at(start.saturating_add(width)));
    let parts = first.rsplit_once(' ').zip(last.rsplit_once(' '));
    match parts.filter(|((one, _), (other, _))| one == other) {
        Some((_, (_, last))) => format!("{first} to {last}"),
        None => format!("{first} to {last}"),
    }
}

/// `seen 1,204 times, 3 May to 9 May`.
pub fn seen(observed: &FlowEvidence) -> String {
    let times = counted(observed.count, "time");
    let date = |time: Time| {
        let day = day(time);
        day.rsplit_once(' ')
            .map_or(String::new(), |(date, _)| date.to_owned())
    };
    match (observed.first.map(date), observed.last.map(date)) {
        (Some(first), Some(last)) if first != last => format!("seen {times}, {first} to {last}"),
        (Some(one), _) | (_, Some(one)) => format!("seen {times}, {one}"),
        (None, None) => format!("seen {times}"),
    }
}

/// How long it is between two times: `3 days`, `5 hours`.
pub fn span(first: Time, last: Time) -> String {
    let minutes = last.saturating_sub(first) / (60 * time::SECOND);
    let (count, unit) = match minutes {
        0 => return "less than a minute".to_owned(),
        1..120 => (minutes, "minute"),
        120..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    counted(count.unsigned_abs(), unit)
}

/// `1 flow`, `2 flows`.
pub fn counted(count: u64, one: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {one}{ending}", grouped(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_204), "1,204");
        assert_eq!(grouped(1_234_567), "1,234,567");
        let minute = 60 * time::SECOND;
        assert_eq!(span(0, 30 * time::SECOND), "less than a minute");
        assert_eq!(span(0, minute), "1 minute");
        assert_eq!(span(0, 25 * 60 * minute), "25 hours");
        assert_eq!(span(0, 3 * 24 * 60 * minute + minute), "3 days");
        let time = time::parse("2026-11-03T09:00:05.5Z").expect("a time");
        assert_eq!(stamp(time), "2026-11-03 09:00");
        assert_eq!(day(time), "3 Nov 09:00");
        assert_eq!(clock(time), "09:00:05");
    }
}
