//! Which workload a pod belongs to: from the owners that records name, else from the pod's name.

/// The letters and digits of Kubernetes' random names.
const RANDOM: &str = "bcdfghjklmnpqrstvwxz2456789";

/// A workload's name and its kind, where that is known.
pub type Owner = (String, Option<String>);

fn is_random(text: &str) -> bool {
    text.chars().all(|c| RANDOM.contains(c))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn of_kind(name: &str, kind: &str) -> Owner {
    (name.to_owned(), Some(kind.to_owned()))
}

/// The owner of an owner: a ReplicaSet belongs to a Deployment, a Job that is named after its minute to a CronJob.
pub fn lifted(name: &str, kind: Option<&str>) -> Owner {
    match (kind, name.rsplit_once('-')) {
        (Some("ReplicaSet"), Some((own, hash))) if !own.is_empty() && is_random(hash) => {
            of_kind(own, "Deployment")
        }
        (Some("Job"), Some((own, minute)))
            if !own.is_empty() && minute.len() == 8 && is_number(minute) =>
        {
            of_kind(own, "CronJob")
        }
        _ => (name.to_owned(), kind.map(str::to_owned)),
    }
}

/// The owner of the pods whose names begin so: a `generateName` without its last `-`.
pub fn of_generate_name(name: &str) -> Owner {
    match name.rsplit_once('-') {
        Some((own, minute)) if minute.len() == 8 && is_number(minute) => of_kind(own, "CronJob"),
        Some((own, hash)) if (6..=10).contains(&hash.len()) && is_random(hash) => {
            of_kind(own, "Deployment")
        }
        _ => (name.to_owned(), None),
    }
}

/// A guess from a pod's name; none if it looks like no generated name. Names over 63 characters are cut before their random
/// part, so it can be wrong.
pub fn guessed(pod: &str) -> Option<Owner> {
    let (own, last) = pod.rsplit_once('-').filter(|(own, _)| !own.is_empty())?;
    let is_suffix = last.len() == 5 && is_random(last);
    if is_suffix && let (name, Some(kind)) = of_generate_name(own) {
        return (!name.is_empty()).then_some((name, Some(kind)));
    }
    if is_number(last) {
        return Some(of_kind(own, "StatefulSet"));
    }
    is_suffix.then(|| (own.to_owned(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_guessed_by_the_shape_of_names() {
        let of = |pod| guessed(pod).map(|(name, kind)| (name, kind.unwrap_or_default()));
        let is = |name: &str, kind: &str| Some((name.to_owned(), kind.to_owned()));
        assert_eq!(of("web-7c9d8b6f5d-x2k4v"), is("web", "Deployment"));
        assert_eq!(of("report-29381760-x2k4v"), is("report", "CronJob"));
        assert_eq!(of("db-0"), is("db", "StatefulSet"));
        assert_eq!(of("agent-x2k4v"), is("agent", ""));
        assert_eq!(of("toolbox"), None);
        assert_eq!(of("web-extra"), None);
    }

    #[test]
    fn owners_of_owners_are_found() {
        assert_eq!(
            lifted("web-7c9d8b6f5d", Some("ReplicaSet")),
            of_kind("web", "Deployment")
        );
        assert_eq!(
            lifted("report-29381760", Some("Job")),
            of_kind("report", "CronJob")
        );
        assert_eq!(lifted("migrate", Some("Job")), of_kind("migrate", "Job"));
        assert_eq!(of_generate_name("db"), ("db".to_owned(), None));
    }
}
