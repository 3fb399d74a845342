// Example briefs: a name, and the fields that it fills in.

export const EXAMPLES = [
  [
    "A lighthouse at dusk",
    {
      platform: "video",
      duration_seconds: 12,
      title: "The last keeper",
      text: "A keeper climbs the lighthouse at dusk. The lamp is lit, and a boat far out turns for home. The sea goes quiet.",
    },
  ],
  [
    "Night train, three reasons",
    {
      platform: "social_post",
      title: "Night trains",
      text: "Three reasons to take the night train instead of the plane. Warm, a little funny, ends with a question.",
    },
  ],
  [
    "Poster for a jazz night",
    {
      platform: "design",
      title: "Jazz by the sea",
      style: "Mid-century, two colours, bold shapes",
      text: "A poster for a jazz night on the pier. A trumpet, the moon on the water, room for a date.",
    },
  ],
  [
    "Launch copy for a coffee roaster",
    {
      platform: "copy",
      title: "Dawn roast",
      text: "A small roaster opens at dawn and sells out by noon. Say why people get up for it. No exclamation marks.",
    },
  ],
];
