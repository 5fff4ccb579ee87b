/** A file of a model, as it must be to be believed. `path` is inside the model's folder. */
export interface ModelFile {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
}

/** A model that an engine loads from `MODELS_DIR/<name>/`, or where it is `loose` from `MODELS_DIR` itself. */
export interface Model {
  readonly name: string
  readonly engine: 'stt' | 'embeddings' | 'vision' | 'ocr'
  readonly what: string
  readonly licence: string
  /** Whose it is, as the licence has it. */
  readonly copyright: string
  readonly files: readonly ModelFile[]
  /**
   * The repository of the public hub that holds the same model. Its weights may be of another conversion; what it serves is taken only
   * where the hub's own size and sha256 of a file are the ones above, which is asked before anything is fetched.
   */
  readonly hub?: string
  /** The commit there that holds these very files; its newest where nothing is said. */
  readonly revision?: string
  /** Listed and fetched only where a setting or somebody names it. */
  readonly optional?: boolean
  /** Whether `tools/models/build.sh` makes it, byte for byte, from Python wheels. */
  readonly built?: boolean
  /** Its files carry its name, and lie beside the folders of the others. */
  readonly loose?: boolean
  /** Comes with an npm package, and so is there after `npm ci`. */
  readonly packaged?: { readonly name: string; readonly folder: string }
}

/** Every model the city knows. Checksums are of the files that `tools/models/` makes and that its figures were measured with; of optional ones, of the hub's files at the revision named, which nobody here has measured. */
export const MODELS: readonly Model[] = [
  {
    name: 'whisper-base',
    engine: 'stt',
    what: 'Speech to text in 99 languages: OpenAI Whisper base, 8 bits',
    licence: 'MIT',
    copyright: 'Copyright (c) 2022 OpenAI',
    hub: 'onnx-community/whisper-base',
    built: true,
    files: [
      {
        path: 'config.json',
        sizeBytes: 634,
        sha256: '73dfd3b58e6c7e2860d3381d416fe48d47564b26bcd87726e5fc65111828a732',
      },
      {
        path: 'generation_config.json',
        sizeBytes: 3187,
        sha256: 'f0000ad2c8e92276a28ac0ab48043428e00a749756b01486d99a43a1f71ff480',
      },
      {
        path: 'onnx/decoder_model_merged_quantized.onnx',
        sizeBytes: 55_691_202,
        sha256: '84267d59a7250d1949a14aa6fcbfae76f236cbeacea3812d57cc51585c55ed0a',
      },
      {
        path: 'onnx/encoder_model_quantized.onnx',
        sizeBytes: 23_595_321,
        sha256: 'a40f19bbeb42c54fdbdb03ea34ebe10098651e44146ae30d67df361d885b257d',
      },
      {
        path: 'preprocessor_config.json',
        sizeBytes: 327,
        sha256: 'b0d25e6f887e1397490a90100972570615dfbcae0d400ffe48534d54e1b52bc6',
      },
      {
        path: 'tokenizer.json',
        sizeBytes: 1_622_776,
        sha256: '2748121eb80970f1f0099c3e952ee85fa24da715008418bf22ec8f7e696275b6',
      },
      {
        path: 'tokenizer_config.json',
        sizeBytes: 1695,
        sha256: 'e5efb656b86340debc040b198fd16918a7123e69b19aabebdba0daac8ef90d50',
      },
    ],
  },
  {
    name: 'whisper-small',
    engine: 'stt',
    what: 'Speech to text, heard better and three times as slow: OpenAI Whisper small, 8 bits, without times of words',
    licence: 'MIT',
    copyright: 'Copyright (c) 2022 OpenAI',
    hub: 'onnx-community/whisper-small',
    revision: '36050c46d777d46dc4b5f43f6d90574fc38f8732',
    optional: true,
    files: [
      {
        path: 'config.json',
        sizeBytes: 2227,
        sha256: '457854d452f17661e197d74aee12b8e74fb75ba30ebfaa7426d0d61ea1e08a18',
      },
      {
        path: 'generation_config.json',
        sizeBytes: 3893,
        sha256: 'f538b28220c6a6d6f1af1458d4141cacb4ef4963df3de98a19490440c412ddf0',
      },
      {
        path: 'onnx/decoder_model_merged_quantized.onnx',
        sizeBytes: 156_750_845,
        sha256: 'ec07c3cbb64172c39791e26ee870a65ac22b458c36722bfe2776b3dbf741e0c9',
      },
      {
        path: 'onnx/encoder_model_quantized.onnx',
        sizeBytes: 92_326_160,
        sha256: 'a43a83f3c5361cd591cfa7c36f14b43cf7cb22f47a415cc14a8d557be800fa92',
      },
      {
        path: 'preprocessor_config.json',
        sizeBytes: 339,
        sha256: 'a6a76d28c93edb273669eb9e0b0636a2bddbb1272c3261e47b7ca6dfdbac1b8d',
      },
      {
        path: 'tokenizer.json',
        sizeBytes: 2_480_466,
        sha256: '27fc476bfe7f17299480be2273fc0608e4d5a99aba2ab5dec5374b4482d1a566',
      },
      {
        path: 'tokenizer_config.json',
        sizeBytes: 282_683,
        sha256: '2a4c4281cf9f51ac6ccc406fdc711a087afe6530f671fa7b80953edc498275ce',
      },
    ],
  },
  {
    name: 'whisper-tiny',
    engine: 'stt',
    what: 'Speech to text for small machines, heard worse: OpenAI Whisper tiny, 8 bits, without times of words',
    licence: 'MIT',
    copyright: 'Copyright (c) 2022 OpenAI',
    hub: 'onnx-community/whisper-tiny',
    revision: 'ff4177021cc41f7db950912b73ea4fdf7d01d8e7',
    optional: true,
    files: [
      {
        path: 'config.json',
        sizeBytes: 2243,
        sha256: '46aeea0a406afbeb563fc8e59ca10609203df4299af6a83f73752fef369efd2d',
      },
      {
        path: 'generation_config.json',
        sizeBytes: 3772,
        sha256: 'f5c67e5a4f7102f8cb4d058bc95da276bbc19eeec997267c3bb0f25ef68facd1',
      },
      {
        path: 'onnx/decoder_model_merged_quantized.onnx',
        sizeBytes: 30_719_241,
        sha256: '25e807a962b6349356d0ea5d0dfe530b7e5bf0e2a484aeca0359d03143faddd3',
      },
      {
        path: 'onnx/encoder_model_quantized.onnx',
        sizeBytes: 10_124_990,
        sha256: '2af4a414ca47aa30f61246017e5fe82b0a8d229281d1255ba666a2a7f6b84d19',
      },
      {
        path: 'preprocessor_config.json',
        sizeBytes: 339,
        sha256: 'a6a76d28c93edb273669eb9e0b0636a2bddbb1272c3261e47b7ca6dfdbac1b8d',
      },
      {
        path: 'tokenizer.json',
        sizeBytes: 2_480_466,
        sha256: '27fc476bfe7f17299480be2273fc0608e4d5a99aba2ab5dec5374b4482d1a566',
      },
      {
        path: 'tokenizer_config.json',
        sizeBytes: 282_683,
        sha256: '2a4c4281cf9f51ac6ccc406fdc711a087afe6530f671fa7b80953edc498275ce',
      },
    ],
  },
  {
    name: 'multilingual-e5-small',
    engine: 'embeddings',
    what: 'Meaning of texts in Latin, Cyrillic and Greek scripts: 384 numbers a text, 8 bits',
    licence: 'MIT',
    copyright: 'Copyright (c) Microsoft Corporation',
    hub: 'Xenova/multilingual-e5-small',
    built: true,
    files: [
      {
        path: 'config.json',
        sizeBytes: 438,
        sha256: 'd09de0912aa8197cc1035cd670d95d07ce8b0d96f0ae0cf8095cd71ce751efc3',
      },
      {
        path: 'onnx/model_quantized.onnx',
        sizeBytes: 54_823_104,
        sha256: '56d4d318ebba171a11d0a9f3ee884e9c1be6ce3452d4c86d283e3be89332b567',
      },
      {
        path: 'special_tokens_map.json',
        sizeBytes: 160,
        sha256: 'a6afb42e4816c1a449301b5bb88cd7c7b7ad995011cad9f426565637d0e0ea74',
      },
      {
        path: 'tokenizer.json',
        sizeBytes: 3_885_256,
        sha256: '5bcf7b15440996b778ee6f3d8141d4bd41162f20a202fd893ed830ff3648f0b5',
      },
      {
        path: 'tokenizer_config.json',
        sizeBytes: 268,
        sha256: 'ac39bfd3446b3792d5343963afadce96dd43df124bae9488cef225a5ec4cde47',
      },
    ],
  },
  {
    name: 'coco-ssd-mobilenet-v2',
    engine: 'vision',
    what: 'Things in photos and where they are: 80 everyday kinds, named in Ukrainian and English',
    licence: 'Apache-2.0',
    copyright: 'Copyright (c) The TensorFlow Authors',
    loose: true,
    files: [
      {
        path: 'coco-ssd-mobilenet-v2.onnx',
        sizeBytes: 17_260_650,
        sha256: 'f82442a154c142fbbf3a7d4fe614fa65aabc45a980fa4f787a30a705320051a5',
      },
      {
        path: 'coco-ssd-mobilenet-v2.labels.json',
        sizeBytes: 4161,
        sha256: '9b422fca2e06c33efcc4163eb72a9d362c1e81fd08400d3117adc31e258ac6db',
      },
    ],
  },
  {
    name: 'imagenet-efficientnet-lite0',
    engine: 'vision',
    what: 'What a photo shows, out of a thousand kinds, named in English',
    licence: 'Apache-2.0',
    copyright: 'Copyright 2020 ML Illustrated',
    loose: true,
    files: [
      {
        path: 'imagenet-efficientnet-lite0.onnx',
        sizeBytes: 4_865_700,
        sha256: 'bd6cb33908653c91a5a0eabb2851330726a2938a7bbfda438643b75505bdfc22',
      },
      {
        path: 'imagenet-efficientnet-lite0.labels.json',
        sizeBytes: 26_678,
        sha256: '6e372912d8ecd689315c8039e2c34f5e51e7a73d40a9e3dc1e20121af1f342a3',
      },
    ],
  },
  {
    name: 'open-nsfw',
    engine: 'vision',
    what: 'How likely a photo is sexually explicit: a hint for moderators',
    licence: 'BSD-2-Clause',
    copyright: 'Copyright 2016, Yahoo Inc.',
    loose: true,
    files: [
      {
        path: 'open-nsfw.onnx',
        sizeBytes: 6_097_233,
        sha256: '76d53f6ada167516c04d84512081a0cf282fbbce47b3c9f99f7c113609798abe',
      },
    ],
  },
  {
    name: 'pp-ocrv6-small',
    engine: 'ocr',
    what: 'Text in pictures, in Latin and Chinese letters: PP-OCRv6 small. Knows no Cyrillic letters',
    licence: 'Apache-2.0',
    copyright: 'Copyright (c) PaddlePaddle Authors, Baidu; converted to ONNX by the RapidOCR Authors',
    optional: true,
    built: true,
    files: [
      {
        path: 'detection.onnx',
        sizeBytes: 9_929_594,
        sha256: '090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f',
      },
      {
        path: 'recognition.onnx',
        sizeBytes: 21_234_383,
        sha256: '6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884',
      },
    ],
  },
  {
    name: 'silero-vad-v6',
    engine: 'stt',
    what: 'Whether anybody speaks',
    licence: 'MIT',
    copyright: 'Copyright (c) 2020-present Silero Team',
    packaged: { name: '@ricky0123/vad-web', folder: 'dist' },
    files: [
      {
        path: 'silero_vad_v6.onnx',
        sizeBytes: 2_327_524,
        sha256: '1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3',
      },
    ],
  },
]

export const modelBytes = (model: Model): number =>
  model.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

/** `81 MB`, in powers of ten as shops and hubs count. */
export const sizeLabel = (bytes: number): string => `${Math.max(1, Math.round(bytes / 1e6))} MB`
