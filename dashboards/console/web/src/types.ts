// The panels as the server sends them (dashboards/console/pages). Times in milliseconds, money in minor units.
type Share = number | null;

export interface Moods {
  negative: number[];
  neutral: number[];
  positive: number[];
}

export interface Notice {
  fingerprint: string;
  kind: string;
  family: string;
  severity: "info" | "warning" | "critical";
  state: "pending" | "firing" | "resolved";
  brand_id: string;
  room_id: string;
  source: string;
  started_ms: number;
  updated_ms: number;
  summary: string;
  matched: string;
  article: string;
  observed: Record<string, number>;
  baseline: Record<string, number>;
}

export interface Figures {
  viewers_now: number | null;
  viewers_peak: number | null;
  stay_seconds: number | null;
  stay_estimated: boolean;
  interaction_rate: Share;
  follow_rate: Share;
  entry_rate: Share;
  click_rate: Share;
  conversion_rate: Share;
  funnel: Record<"shown" | "clickers" | "carters" | "orderers" | "payers", number>;
  created_gmv: number;
  paid_gmv: number;
  net_gmv: number;
  gpm_pv: number | null;
  gpm_uv: number | null;
  viewer_value: number | null;
  buyer_value: number | null;
  refund_rate: Share;
}

export interface Question {
  text: string;
  times: number;
  before: number;
  wordings: number;
}

export type Sums = Record<string, number>;

export interface RoomPanels {
  head: {
    room_id: string;
    brand_id: string;
    source: string;
    session_id: string | null;
    state: "live" | "ended" | "unknown";
    as_of_ms: number;
  };
  now: {
    figures: Figures; sums: Sums; new_followers: number; viewers: number;
    fakes: Partial<Record<"enters" | "likes" | "comments", { share: number; alarming: boolean }>>;
  };
  halves: { last: Record<string, number | null>; before: Record<string, number | null> };
  minutes: { first_ms: number; viewers: (number | null)[]; comments: number[]; paid_value: number[]; moods: Moods };
  questions: Question[];
  notices: { raised: Notice[]; platform: [number, number][] };
}

export interface Sight {
  kafka_trouble: string;
  newest_ms: number;
  quiet_ms: number;
  behind: number;
  silent_feeds: number;
}

export interface Decision {
  verdict: "acknowledged" | "false_alarm" | "confirmed" | "reopened";
  author: string;
  at_ms: number;
  note?: string;
}

export interface StartPanels {
  sight: Sight;
  alerts: { shown: Notice[]; firing: number; decided: Record<string, Decision> };
  rooms: {
    room_id: string; brand_id: string; source: string; ended: boolean; viewers: number | null;
    comments: number; likes: number; orders: number; paid_value: number;
  }[];
  brands: { brand_id: string; texts: number; sentiments: Sums; risks: Sums; firing: number }[];
}

export interface BrandPanels {
  head: { brand_id: string; as_of_ms: number; known: boolean };
  said: { texts: number; scored: number; sentiments: Sums; risks: Sums };
  volume: { first_ms: number; texts: number[]; moods: Moods; usual: { texts_per_minute: number; windows: number } | null };
  platforms: { platform: string; texts: number; sentiments: Sums; risky: number }[];
  topics: { term: string; texts: number; usual: number; rise: number }[];
  spread: { voices: { actor_id: string; texts: number; share: number; followers: number }[]; accounts: number };
  rivals: { brand_id: string; texts: number; share_of_voice: number; sentiments: Sums; risky: number; firing: number }[];
  alerts: { shown: Notice[]; decided: Record<string, Decision> };
  engagement: Figures;
}

export interface Finding {
  family: string;
  rule: string;
  article: string;
  span: [number, number];
  matched: string;
  severity?: string;
}

export interface Evidence {
  origin: { topic: string; partition: number; offset: number };
  event_time: number;
  text?: string;
  sentiment?: string | null;
  risks?: Record<string, number>;
  findings?: Finding[];
  actor_id?: string | null;
}

export interface Alert {
  fingerprint: string;
  kind: string;
  severity: Notice["severity"];
  state: Notice["state"];
  brand_id: string;
  started_at: number;
  updated_at: number;
  summary: string;
  explanation: string;
  runbook: string;
  fired_at?: number | null;
  resolved_at?: number | null;
  room_id?: string | null;
  platform?: string | null;
  family?: string | null;
  observed?: Sums;
  baseline?: Sums;
  factors?: Sums;
  evidence?: Evidence[];
  spreaders?: Sums;
  source?: string | null;
}

export interface AlertPanels {
  alert: Alert | null;
  timeline: { at_ms: number; state: Notice["state"]; severity: Notice["severity"]; summary: string }[];
  judged: { made: Decision[]; standing: Decision | null };
  runbook: string;
}

export interface OperationsPanels {
  sight: Sight;
  servers: { redis: boolean; kafka: boolean; kafka_trouble: string };
  stages: { stage: string; behind: Record<string, number | null>; partitions: number; per_second: number | null }[];
  scoring: { texts: number; unscored: number; median_ms: number | null; p95_ms: number | null } | null;
  letters: {
    count: number; by_reason: Sums;
    newest: { origin: string; stage: string; reason: string; detail: string; at_ms: number }[];
  } | null;
  feeds: {
    topics: { topic: string; newest_ms: number }[];
    sources: { brand_id: string; source: string; last_ms: number; texts: number; silent: boolean }[];
  };
}

export interface Campaign {
  campaign_id: string;
  name: string;
  scope: "room" | "brand" | "product";
  scope_id: string;
  brand_id: string;
  starts_ms: number;
  ends_ms: number;
  tags: string[];
  author: string;
  created_ms: number;
}

export type CampaignStatus = "planned" | "running" | "over";
export type Part = "before" | "during" | "after";

export interface Stretch {
  figures: Figures;
  sums: Sums;
  viewers: number;
  moods: Sums;
  kept: number;
  passed: number;
}

export interface CampaignPanels {
  head: { campaign: Campaign; status: CampaignStatus; present_ms: number } | null;
  parts: Record<Part, Stretch>;
  joined: {
    first_ms: number; step_minutes: number; negative_share: (number | null)[]; payments: number[]; viewers: (number | null)[];
  } | null;
  rules: { family: string; alerts: Notice[] }[];
}

export interface CampaignsPanels {
  campaigns: { campaign: Campaign; status: CampaignStatus }[];
  present_ms: number;
}

export interface QualityPanels {
  rows: {
    quality: { kind: string; family: string; decided: number; acknowledged: number; confirmed: number; false_alarms: number };
    false_share: Share;
  }[];
  days: number;
}
