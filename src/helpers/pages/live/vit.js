// A Vision Transformer that reads one picture, in plain JavaScript: the forward pass of helpers.models.vit, whose names
// its weights keep. The layers (linear, layerNorm, softmax, gelu, convolution, add) are in nn.js.
//
// N = 1 + G G tokens of width D: the class token and a token a patch. L blocks, h heads of width d = D / h.

// Figure 1 of the paper (Dosovitskiy et al., 2021): patches, class token, positions, L blocks, head.
const vit = (net, image, { positions = true } = {}) => {
  const { depth, heads } = net.config;
  let x = embed(net, image, positions); // (N, D)
  const attention = []; // of every block, (h, N, N): who reads whom
  for (let l = 0; l < depth; l++) {
    const { tokens, weights } = block(net, `blocks.${l}`, x, heads);
    x = tokens; // (N, D)
    attention.push(weights);
  }
  const D = net("norm").weight.length;
  const answer = layerNorm(x.subarray(0, D), net("norm")); // only the class token is read, (1, D)
  return { logits: linear(answer, net("head")), attention }; // (K)
};

// Equation 1: each patch times one matrix (a convolution whose stride is its kernel), the class token in front, and to
// every token the vector of its place. Without the last, nothing tells the network where a patch was.
const embed = (net, image, positions) => {
  const projection = net("patches.projection"); // weight (D, P, P, 3)
  const patches = convolution(image, projection, projection.shape[1]).data; // (G G, D)
  const first = net.tensor("class_token"); // (D)
  const x = new Float32Array(first.length + patches.length); // (N, D)
  x.set(first);
  x.set(patches, first.length);
  return positions ? add(x, net.tensor("positions.table")) : x; // (N, D)
};

// Equations 2 and 3: z' = z + MSA(LN(z)), then z' + MLP(LN(z')). What a block computes is added, never put in place.
const block = (net, name, x, heads) => {
  const { mixed, weights } = attend(net, `${name}.attention`, layerNorm(x, net(`${name}.norm1`)), heads);
  const between = add(x, mixed); // (N, D)
  return { tokens: add(between, mlp(net, `${name}.mlp`, layerNorm(between, net(`${name}.norm2`)))), weights };
};

// Two layers that see one token at a time: (N, D) -> (N, 4 D) -> (N, D).
const mlp = (net, name, x) => linear(gelu(linear(x, net(`${name}.hidden`))), net(`${name}.output`));

// Multi-head self-attention: softmax(Q K^T / sqrt(d)) V in each head, then one matrix mixes the heads.
const attend = (net, name, x, heads) => {
  const qkv = linear(x, net(`${name}.qkv`)); // (N, 3 D): the queries, keys and values of all heads side by side
  const D = net(`${name}.output`).shape[0], N = x.length / D, d = D / heads;
  const joined = new Float32Array(N * D); // (N, D): head by head
  const weights = new Float32Array(heads * N * N); // (h, N, N)
  for (let head = 0; head < heads; head++) {
    const [query, key, value] = [0, 1, 2].map((part) => part * D + head * d); // where each begins in a row of qkv
    const scores = new Float32Array(N * N);
    for (let n = 0; n < N; n++) for (let m = 0; m < N; m++) {
      let product = 0;
      for (let i = 0; i < d; i++) product += qkv[n * 3 * D + query + i] * qkv[m * 3 * D + key + i];
      scores[n * N + m] = product / Math.sqrt(d);
    }
    const A = softmax(scores, N); // (N, N): row n says how much token n reads of each token
    for (let n = 0; n < N; n++) for (let m = 0; m < N; m++) {
      const weight = A[n * N + m];
      for (let i = 0; i < d; i++) joined[n * D + head * d + i] += weight * qkv[m * 3 * D + value + i];
    }
    weights.set(A, head * N * N);
  }
  return { mixed: linear(joined, net(`${name}.output`)), weights }; // (N, D), (h, N, N)
};

// --- maps of attention -----------------------------------------------------------------------------------------------

// Who reads whom in one block: one head (from 0), or the mean of all where head is null. (h, N, N) -> (N, N).
const headOrMean = (weights, heads, head) => {
  const size = weights.length / heads;
  if (head !== null) return weights.subarray(head * size, (head + 1) * size);
  const mean = new Float32Array(size);
  for (let i = 0; i < weights.length; i++) mean[i % size] += weights[i] / heads;
  return mean;
};

// Rollout (Abnar and Zuidema, 2020): half of each block's output is what it read, half is what was there before, so the
// blocks multiply: R = (A_l + I) / 2 ... (A_1 + I) / 2 with A the mean of the heads. (N, N) after the block `layer`.
const rollout = (attention, heads, layer) => {
  const N = Math.sqrt(attention[0].length / heads);
  let R = Float32Array.from({ length: N * N }, (_, i) => +(i % (N + 1) === 0)); // I
  for (const weights of attention.slice(0, layer + 1)) {
    const A = headOrMean(weights, heads, null), next = new Float32Array(N * N);
    for (let n = 0; n < N; n++) for (let m = 0; m < N; m++) {
      const weight = (A[n * N + m] + +(n === m)) / 2;
      for (let j = 0; j < N; j++) next[n * N + j] += weight * R[m * N + j];
    }
    R = next;
  }
  return R;
};

// How alike the learned vector of one place is to those of all places, the cosine of their angle: (G G), figure 7.
const positionsLike = (table, D, patch) => {
  const G2 = table.length / D - 1; // the class token's place is left out
  const row = (p) => table.subarray((1 + p) * D, (2 + p) * D);
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  return Float32Array.from({ length: G2 }, (_, p) => cosine(row(patch), row(p)));
};
