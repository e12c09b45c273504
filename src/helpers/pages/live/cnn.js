// The two convolutional networks, in plain JavaScript: the forward passes of helpers.models.efficientnet and of
// helpers.models.xception, whose names their weights keep. Batch norm is a fixed factor and shift a channel once a
// network is trained, so the export has multiplied it into the convolution before it.
//
// Both return their logits, the map after every stage, and the last map (H, W, C), of which the answer reads the mean.

const efficientnet = (net, image) => {
  const layers = [];
  const keep = (name, map) => { layers.push({ name, map }); return map; };
  let x = keep("stem", clip(convolution(image, net("stem.0"), 2, "same"), 6)); // (112, 112, 32)
  net.config.stages.forEach(([blocks, stride], stage) => {
    for (let i = 0; i < blocks; i++) x = invertedResidual(net, `stages.${stage}.${i}`, x, i === 0 ? stride : 1);
    keep(`stage ${stage + 1}`, x);
  });
  x = keep("features", clip(convolution(x, net("features.0")), 6)); // (7, 7, 1280)
  return { logits: linear(average(x), net("head")), layers, last: x };
};

// Widen (1 x 1), filter each channel alone (k x k), narrow (1 x 1); the input is added where the shapes agree.
const invertedResidual = (net, name, x, stride) => {
  const wide = net.has(`${name}.expand.0`) ? clip(convolution(x, net(`${name}.expand.0`)), 6) : x;
  const filtered = clip(depthwise(wide, net(`${name}.filter.0`), stride, "same"), 6);
  const narrow = convolution(filtered, net(`${name}.project.0`));
  return stride === 1 && narrow.channels === x.channels ? addMaps(x, narrow) : narrow;
};

const xception = (net, image) => {
  const layers = [];
  const keep = (name, map) => { layers.push({ name, map }); return map; };
  let x = clip(convolution(image, net("entry.0"), 2)); // 64 -> 31
  x = keep("stem", clip(convolution(x, net("entry.3")))); // 31 -> 29
  x = keep("entry 1", xceptionModule(net, "entry.6", x, 2, false)); // 29 -> 15
  x = keep("entry 2", xceptionModule(net, "entry.7", x, 2)); // 15 -> 8
  x = keep("entry 3", xceptionModule(net, "entry.8", x, 2)); // 8 -> 4
  for (let i = 0; i < 8; i++) x = keep(`middle ${i + 1}`, xceptionModule(net, `middle.${i}`, x, 1)); // 4
  x = keep("exit", xceptionModule(net, "exit.0", x, 2)); // 4 -> 2
  x = clip(separable(net, "exit.1", x));
  x = keep("features", clip(separable(net, "exit.4", x))); // (2, 2, 512)
  return { logits: linear(average(x), net("head")), layers, last: x };
};

// Filter each channel alone, then mix the channels.
const separable = (net, name, x) => convolution(depthwise(x, net(`${name}.depthwise`)), net(`${name}.pointwise`));

// Two or three of (ReLU, separable convolution) beside a shortcut; at stride 2 both halve the map.
const xceptionModule = (net, name, x, stride, firstRelu = true) => {
  let y = x;
  for (let i = firstRelu ? 1 : 0; net.has(`${name}.convolutions.${i}.depthwise`); i += 3)
    y = separable(net, `${name}.convolutions.${i}`, i > 0 ? clip(y) : y);
  if (stride > 1) y = maxPool(y);
  return addMaps(y, net.has(`${name}.shortcut.0`) ? convolution(x, net(`${name}.shortcut.0`), stride) : x);
};

// --- maps of a convolutional network ---------------------------------------------------------------------------------

// Class activation map (Zhou et al., 2016): the answer is the mean over the places of what each contributes,
// sum_c w_kc f_c, so the map says where a logit comes from. Its mean plus the bias is the logit. (H, W, C) -> (H W).
const classMap = (last, { weight }, k) => {
  const C = last.channels;
  return Float32Array.from({ length: last.height * last.width }, (_, place) => {
    let sum = 0;
    for (let c = 0; c < C; c++) sum += last.data[place * C + c] * weight[k * C + c];
    return sum;
  });
};

// How strongly a stage answers at each place: the root of the mean square of its channels. (H, W, C) -> (H W).
const strength = ({ data, height, width, channels: C }) =>
  Float32Array.from({ length: height * width }, (_, place) => {
    let sum = 0;
    for (let c = 0; c < C; c++) sum += data[place * C + c] ** 2;
    return Math.sqrt(sum / C);
  });
