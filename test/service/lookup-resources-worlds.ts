import type { World } from "./lookup-resources-room.ts";

/** A world, and some questions with their answers: `document#view @ user:anne` → ids as `showResult` prints them. */
export interface Case extends World {
  readonly name: string;
  readonly answers: Readonly<Record<string, readonly string[]>>;
}

const CAVEATS = `
caveat from_office(ip ipaddress) { ip.in_cidr("10.0.0.0/8") }
caveat tagged(tag string, wanted string) { tag == wanted }
`;

const TREE = Array.from({ length: 41 }, (_, i) => `f${String(i).padStart(2, "0")}`);

export const CASES: readonly Case[] = [
  {
    name: "wildcards: public objects, and those of everybody but a few (CVE-2022-21646)",
    schema: `definition user {}
definition robot {}
definition document {
  relation viewer: user | user:* | robot:*
  relation banned: user | user:*
  permission view = viewer
  permission read = viewer - banned
}`,
    tuples: [
      "document:all#viewer@user:*",
      "document:both#viewer@user:*",
      "document:both#viewer@user:anne",
      "document:hers#viewer@user:anne",
      "document:machines#viewer@robot:*",
      "document:closed#viewer@user:*",
      "document:closed#banned@user:*",
      "document:unwanted#viewer@user:*",
      "document:unwanted#banned@user:anne",
    ],
    answers: {
      "document#view @ user:anne": ["all", "both", "closed", "hers", "unwanted"],
      "document#read @ user:anne": ["all", "both", "hers"],
      "document#read @ user:bob": ["all", "both", "unwanted"],
      "document#view @ robot:r2": ["machines"],
    },
  },
  {
    name: "wildcards on both sides of an intersection",
    schema: `definition user {}
definition document {
  relation internal: user | user:*
  relation released: user | user:*
  permission view = internal & released
}`,
    tuples: [
      "document:a#internal@user:*",
      "document:a#released@user:*",
      "document:b#internal@user:anne",
      "document:b#released@user:*",
      "document:c#internal@user:*",
      "document:c#released@user:bob",
    ],
    answers: { "document#view @ user:anne": ["a", "b"], "document#view @ user:bob": ["a", "c"] },
  },
  {
    name: "several ways to one object, some of them caveated (CVE-2024-48909)",
    schema: `${CAVEATS}definition user {}
definition group { relation member: user | user with from_office }
definition document {
  relation viewer: user | user with tagged | group#member | group#member with from_office
  permission view = viewer
}`,
    tuples: [
      'document:both#viewer@user:anne[tagged:{"wanted":"red"}]',
      "document:both#viewer@group:free#member",
      "document:either#viewer@group:office#member[from_office]",
      'document:either#viewer@user:anne[tagged:{"wanted":"red"}]',
      "document:twice#viewer@group:guarded#member[from_office]",
      'document:no#viewer@user:anne[tagged:{"tag":"blue","wanted":"red"}]',
      'document:yes#viewer@user:anne[tagged:{"tag":"red","wanted":"red"}]',
      "group:free#member@user:anne",
      "group:office#member@user:anne",
      "group:guarded#member@user:anne[from_office]",
    ],
    answers: {
      "document#view @ user:anne": ["both", "either if ip,tag", "twice if ip", "yes"],
      "document#view @ user:bob": [],
    },
  },
  {
    name: "the same with context: what was conditional is settled",
    schema: `${CAVEATS}definition user {}
definition document {
  relation viewer: user with tagged | user with from_office
  permission view = viewer
}`,
    tuples: [
      'document:red#viewer@user:anne[tagged:{"wanted":"red"}]',
      'document:blue#viewer@user:anne[tagged:{"wanted":"blue"}]',
      "document:office#viewer@user:anne[from_office]",
    ],
    context: { tag: "red" },
    answers: { "document#view @ user:anne": ["office if ip", "red"] },
  },
  {
    name: "one object by many ways is one result",
    schema: `definition user {}
definition group { relation member: user | group#member }
definition folder {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}
definition document {
  relation folder: folder | folder#viewer | folder#parent
  relation viewer: user | group#member
  permission view = viewer + folder->view
}`,
    tuples: [
      "group:a#member@user:anne",
      "group:b#member@user:anne",
      "group:b#member@group:a#member",
      "folder:f#viewer@group:a#member",
      "folder:g#viewer@group:b#member",
      "folder:g#parent@folder:f",
      "document:d#viewer@user:anne",
      "document:d#viewer@group:a#member",
      "document:d#viewer@group:b#member",
      "document:d#folder@folder:f",
      "document:d#folder@folder:g",
      "document:d#folder@folder:g#viewer",
      "document:d#folder@folder:g#parent",
      "document:e#folder@folder:g#viewer",
    ],
    answers: {
      "document#view @ user:anne": ["d", "e"],
      "folder#view @ user:anne": ["f", "g"],
      "document#view @ group:a#member": ["d", "e"],
      "folder#view @ group:a#member": ["f", "g"],
      "group#member @ group:a#member": ["a", "b"],
    },
  },
  {
    name: "objects that are in themselves, and subjects that are the object",
    schema: `use self
definition user {
  relation manager: user
  permission edit = self + manager
}
definition group {
  relation member: user | group#member
  relation banned: user | group#member
  permission active = member - banned
}`,
    tuples: [
      "user:bob#manager@user:anne",
      "group:b#member@group:a#member",
      "group:c#member@group:a#member",
      "group:c#banned@group:a#member",
    ],
    answers: {
      "user#edit @ user:anne": ["anne", "bob"],
      "user#edit @ user:nobody": ["nobody"],
      "group#member @ group:a#member": ["a", "b", "c"],
      "group#active @ group:a#member": ["a", "b"],
      "group#active @ group:x#active": ["x"],
    },
  },
  {
    name: "arrows that ask for all",
    schema: `definition user {}
definition team { relation member: user }
definition project {
  relation team: team
  permission open = team.all(member)
  permission any = team.any(member)
}`,
    tuples: [
      "team:a#member@user:anne",
      "team:b#member@user:anne",
      "team:b#member@user:bob",
      "project:one#team@team:a",
      "project:two#team@team:a",
      "project:two#team@team:b",
      "project:three#team@team:b",
      "project:three#team@team:empty",
    ],
    answers: {
      "project#open @ user:anne": ["one", "two"],
      "project#any @ user:anne": ["one", "three", "two"],
      "project#open @ user:bob": [],
    },
  },
  {
    name: "grants that end, and grants that have ended",
    schema: `use expiration
definition user {}
definition group { relation member: user with expiration }
definition document {
  relation viewer: user | user with expiration | group#member
  relation banned: user with expiration
  permission view = viewer
  permission read = viewer - banned
}`,
    tuples: [
      "document:ended#viewer@user:anne[expiration:2020-01-01T00:00:00Z]",
      "document:now#viewer@user:anne[expiration:2030-01-01T00:00:00Z]",
      "document:soon#viewer@user:anne[expiration:2030-06-01T00:00:00Z]",
      "document:team#viewer@group:g#member",
      "document:both#viewer@group:g#member",
      "document:both#viewer@user:anne",
      "group:g#member@user:anne[expiration:2031-01-01T00:00:00Z]",
      "document:later#viewer@user:anne",
      "document:later#banned@user:anne[expiration:2030-02-01T00:00:00Z]",
    ],
    answers: {
      "document#view @ user:anne": [
        "both",
        "later",
        "soon until 2030-06-01T00:00:00.000Z",
        "team until 2031-01-01T00:00:00.000Z",
      ],
      "document#read @ user:anne": [
        "both",
        "soon until 2030-06-01T00:00:00.000Z",
        "team until 2031-01-01T00:00:00.000Z",
      ],
    },
  },
  {
    name: "contextual tuples add, and take the place of stored ones",
    schema: `use expiration
${CAVEATS}definition user {}
definition group { relation member: user | user with from_office }
definition document {
  relation viewer: user | user with from_office | user with expiration | group#member
  permission view = viewer
}`,
    tuples: [
      "document:guarded#viewer@user:anne",
      "document:freed#viewer@user:anne[from_office]",
      "document:over#viewer@user:anne",
      "document:team#viewer@group:g#member",
      "group:g#member@user:anne",
    ],
    contextual: [
      "document:guarded#viewer@user:anne[from_office]",
      "document:freed#viewer@user:anne",
      "document:over#viewer@user:anne[expiration:2020-01-01T00:00:00Z]",
      "document:added#viewer@user:anne",
      "document:theirs#viewer@group:h#member",
      "group:h#member@user:anne",
      "group:g#member@user:anne[from_office]",
    ],
    answers: { "document#view @ user:anne": ["added", "freed", "guarded if ip", "team if ip", "theirs"] },
  },
  {
    name: "a tree that meets itself",
    schema: `definition user {}
definition folder {
  relation parent: folder
  relation viewer: user
  relation hidden: user
  permission view = (viewer + parent->view) - hidden
}`,
    // Found from the highest id downwards.
    tuples: [
      ...TREE.slice(1).map((parent, i) => `folder:${TREE[i]}#parent@folder:${parent}`),
      "folder:f40#parent@folder:f00",
      "folder:f40#viewer@user:anne",
      "folder:f20#hidden@user:anne",
    ],
    answers: { "folder#view @ user:anne": TREE.slice(21) },
  },
];
